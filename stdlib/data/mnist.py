"""MNIST: handwritten digits."""

import gzip
import math
import struct
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from ssldsl.ops import op
from ssldsl.ops.data import Splits
from ssldsl.ops.data_dirs import BrokenData, find
from ssldsl.ops.decorator import traits_of
from ssldsl.ops.samples import MemorySamples, SplitsOnUse


def read_idx(path: Path) -> Tensor:
    """The bytes of an IDX file, plain or gzipped, in their shape."""
    try:
        content = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    except (OSError, EOFError) as error:
        raise BrokenData(f"the file cannot be read: {error}", str(path)) from error
    if len(content) < 4 or content[:3] != b"\0\0\x08" or len(content) < 4 + 4 * content[3]:
        raise BrokenData("this is no IDX file of bytes", str(path))
    start = 4 + 4 * content[3]
    shape = struct.unpack(f">{content[3]}I", content[4:start])
    if len(content) - start != math.prod(shape):
        raise BrokenData(f"{len(content) - start} bytes of data where {math.prod(shape)} belong", str(path))
    return torch.from_numpy(np.frombuffer(content, dtype=np.uint8, offset=start).copy()).reshape(shape)


def idx_splits(source: Callable[..., Splits], folder: str, root: str, how: str, names: Sequence[str] = ()) -> Splits:
    """The splits of a set of four IDX files named like those of MNIST. names: of the classes."""
    name = source.__name__

    def read(prefix: str) -> MemorySamples:
        paths = [
            find(name, [f"{folder}/{prefix}-{kind}", f"{folder}/{prefix}-{kind}.gz"], root, how)
            for kind in ("images-idx3-ubyte", "labels-idx1-ubyte")
        ]
        images, labels = (read_idx(path) for path in paths)
        return MemorySamples.of(str(paths[0]), names, image=images.unsqueeze(1), label=labels)

    readers = {"train": partial(read, "train"), "test": partial(read, "t10k")}
    return SplitsOnUse(name, traits_of(source), readers)


@op(paper="lecun1998mnist", splits={"train": 60000, "test": 10000}, fields={"image": "1 28 28"}, classes=10)
def mnist(*, root: str = "") -> Splits:
    """MNIST: 60,000 training and 10,000 test gray images of handwritten digits, from `MNIST/raw` below `root`.

    Source: LeCun, Bottou, Bengio & Haffner, Proceedings of the IEEE 86(11), 1998. An empty `root` stands for the
    usual data folders (`$SSLDSL_DATA`, `./data`, `~/.cache/ssldsl/data`). The files lie as torchvision lays them out.
    """
    how = """To get it: python -c "from torchvision.datasets import MNIST; MNIST('data', download=True)\""""
    return idx_splits(mnist, "MNIST/raw", root, how)
