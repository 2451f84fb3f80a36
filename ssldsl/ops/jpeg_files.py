"""JPEG files by torchvision's decoder, which takes half of Pillow's time; what is unusual in them is left to Pillow."""

import warnings
from io import BytesIO
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

ENDINGS = (".jpg", ".jpeg")
# markers that begin a frame with its size; those between them (tables, extensions, arithmetic codes) begin none
FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
XMP_ORIENTATION = b"tiff:Orientation"  # Pillow knows this one too


class JpegFrame(NamedTuple):
    """What a JPEG file says of its image."""

    bits: int
    height: int
    width: int
    channels: int


def frame_of(content: bytes) -> JpegFrame | None:
    """The frame of a JPEG file; nothing where there is none."""
    if content[:2] != b"\xff\xd8":
        return None
    place = 2
    while place + 10 <= len(content) and content[place] == 0xFF:
        marker = content[place + 1]
        if marker in FRAMES:
            numbers = content[place + 4 : place + 10]
            return JpegFrame(numbers[0], int.from_bytes(numbers[1:3]), int.from_bytes(numbers[3:5]), numbers[5])
        place += 1 if marker == 0xFF else 2 + int.from_bytes(content[place + 2 : place + 4])
    return None


def read_jpeg(source: Path | BytesIO) -> Tensor | None:
    """The pixels as bytes, (3, height, width), upright. Nothing where Pillow should look at the file."""
    content: NDArray[np.uint8]
    if isinstance(source, BytesIO):
        content = np.frombuffer(bytearray(source.getbuffer()), dtype=np.uint8)
    else:
        content = np.fromfile(source, dtype=np.uint8)
    head = content[: 2**16].tobytes()
    frame = frame_of(head)
    most = 2 * (Image.MAX_IMAGE_PIXELS or 0)
    if frame is None or frame.bits != 8 or frame.channels not in (1, 3) or XMP_ORIENTATION in head:
        return None
    if not 0 < frame.height * frame.width <= most:
        return None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # once it is gone, Pillow gives the same pixels
            from torchvision.io import ImageReadMode, decode_jpeg  # a second, paid by who reads such files alone

            pixels: Tensor = decode_jpeg(torch.from_numpy(content), ImageReadMode.RGB, apply_exif_orientation=True)
    except (ImportError, RuntimeError):  # a damaged file, or a torchvision without the decoder
        return None
    return pixels
