"""Pictures in files: which files are read, and a file as a tensor, whatever kind of picture it holds."""

import os
import struct
import warnings
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image, ImageOps, UnidentifiedImageError
from torch import Tensor

from ssldsl.ops import jpeg_files
from ssldsl.ops.archives import Folder, Inside
from ssldsl.ops.data_dirs import BrokenData

Array = np.ndarray[Any, Any]
ENDINGS = (".bmp", ".jpeg", ".jpg", ".pgm", ".png", ".ppm", ".tif", ".tiff", ".webp")
# what Pillow raises where a file is damaged, cut off or gone, in whichever of its readers notices
_DAMAGED = (
    OSError, SyntaxError, ValueError, ArithmeticError, LookupError, TypeError, EOFError, struct.error,
)  # fmt: skip


def is_visible(name: str) -> bool:
    """Whether a file or folder is one of a person, and none that a system left behind."""
    return not name.startswith(".") and name not in ("__MACOSX", "Thumbs.db", "desktop.ini")


def is_image_file(name: str) -> bool:
    """Whether a file is read as a picture, by the ending of its name."""
    return name.lower().endswith(ENDINGS)


def visible_files(folder: Folder) -> Iterator[str]:
    """The files in a folder and in its folders, by folder and name, as paths from there. Hidden ones are left out.

    Links are followed; a folder that is linked into itself is not entered again.
    """
    if isinstance(folder, Inside):
        yield from _visible_inside(folder)
        return
    found: list[tuple[str, list[str]]] = []
    _walk(str(folder), (), found)
    for place, names in sorted(found):
        for name in sorted(names):
            yield Path(place, name).relative_to(folder).as_posix()


def _visible_inside(folder: Inside, above: str = "") -> Iterator[str]:
    """The same of an archive, in which there are no links."""
    entries = sorted((entry for entry in folder.iterdir() if is_visible(entry.name)), key=lambda entry: entry.name)
    yield from (f"{above}{entry.name}" for entry in entries if not entry.is_dir())
    for entry in entries:
        if entry.is_dir():
            yield from _visible_inside(entry, f"{above}{entry.name}/")


def _walk(place: str, above: tuple[tuple[int, int], ...], found: list[tuple[str, list[str]]]) -> None:
    known = os.stat(place)
    here = (known.st_dev, known.st_ino)
    if here in above:
        return
    with os.scandir(place) as entries:
        visible = [entry for entry in entries if is_visible(entry.name)]
    folders = {entry.name for entry in visible if entry.is_dir()}
    found.append((place, [entry.name for entry in visible if entry.name not in folders]))
    for name in folders:
        _walk(os.path.join(place, name), (*above, here), found)


def read_image(source: Folder | BytesIO, name: str = "") -> Tensor:
    """A picture as `read_pixels` gives it, as float32 in [0, 1]."""
    return images_to_float(read_pixels(source, name))


def images_to_float(images: Tensor) -> Tensor:
    """Bytes as float32 in [0, 1]; floats as they are."""
    return images.float().div_(255) if images.dtype == torch.uint8 else images


def read_pixels(source: Folder | BytesIO, name: str = "") -> Tensor:
    """A picture as RGB, channels first, turned as its EXIF orientation says it is to be seen.

    Bytes where it has at most eight bits for a channel, else float32 in [0, 1]: gray of 16 bits keeps its depth.
    name: what messages call it, by default its path. `BrokenData` where it is damaged, too large, or without a range.
    """
    place = name or str(source)
    if isinstance(source, Inside):
        source = BytesIO(source.read_bytes())
    try:
        if place.lower().endswith(jpeg_files.ENDINGS):
            read = jpeg_files.read_jpeg(source)
            if read is not None:
                return read
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # the error at twice the size counts
            with Image.open(source) as image:
                ImageOps.exif_transpose(image, in_place=True)
                pixels = _rgb(image, place)
    except UnidentifiedImageError as error:
        raise BrokenData("this is no image, or of a kind that cannot be read", place) from error
    except Image.DecompressionBombError as error:
        most = 2 * (Image.MAX_IMAGE_PIXELS or 0)
        raise BrokenData(f"the image is too large to be read: more than {most:,} pixels", place) from error
    except MemoryError as error:
        raise BrokenData("the image is too large to be read: its pixels do not fit into memory", place) from error
    except _DAMAGED as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else error
        raise BrokenData(f"the image cannot be read: {reason}", place) from error
    return torch.from_numpy(pixels).permute(2, 0, 1)


def _rgb(image: Image.Image, place: str) -> Array:
    """The pixels, channels last. Pillow's own conversion would cut everything above 255 off."""
    if image.mode.startswith("I;16") or (image.mode == "I" and image.format in ("PNG", "PPM")):
        return _gray(np.asarray(image), 65535)  # older versions of Pillow call 16 bits "I"
    if image.mode == "I":
        raise BrokenData("whole numbers of 32 bits have no brightest value: save the image with 8 or 16", place)
    if image.mode == "F":
        pixels = np.asarray(image)
        if not ((pixels >= 0) & (pixels <= 1)).all():
            raise BrokenData(no_shares(pixels), place)
        return _gray(pixels, 1)
    if image.mode == "P" and "transparency" in image.info:
        image = image.convert("RGBA")
    return np.array(image if image.mode == "RGB" else image.convert("RGB"))


def no_shares(pixels: Array) -> str:
    """What floats are that do not lie between 0 and 1, and the way out, as lines."""
    sound = pixels[np.isfinite(pixels)]
    if sound.size < pixels.size:
        return f"{pixels.size - sound.size} numbers are NaN or infinite\nreplace them, or leave these images out"
    low, high = sound.min(), sound.max()
    found = f"floats of images lie between 0 and 1, and these between {low:g} and {high:g}"
    if low >= 0 and high <= 255:
        return f"{found}\ndivide them by 255, or save them as bytes (uint8)"
    return f"{found}\nsave them as they were before they were normalized, and write `>> normalize(...)` in the spec"


def _gray(pixels: Array, most: int) -> Array:
    return np.repeat(pixels.astype(np.float32)[:, :, None] / np.float32(most), 3, axis=2)
