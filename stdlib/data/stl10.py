"""STL-10: color photographs with few labels and many images that have none."""

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

HOW = """To get it: python -c "from torchvision.datasets import STL10; STL10('data', download=True)\""""
SIDE = 96
NAMES = ("airplane", "bird", "car", "cat", "deer", "dog", "horse", "monkey", "ship", "truck")


def read_bytes(path: Path) -> Tensor:
    try:
        return torch.from_numpy(np.fromfile(path, dtype=np.uint8))
    except OSError as error:
        raise BrokenData(f"the file cannot be read: {error}", str(path)) from error


def read_split(split: str, root: str) -> MemorySamples:
    """One pair of files. Images are stored column by column, classes from 1."""
    path = find("stl10", [f"stl10_binary/{split}_X.bin"], root, HOW)
    pixels = read_bytes(path)
    if len(pixels) % (3 * SIDE * SIDE):
        raise BrokenData(f"{len(pixels)} bytes are no whole number of images of {SIDE} by {SIDE} pixels", str(path))
    images = pixels.view(-1, 3, SIDE, SIDE).transpose(2, 3).contiguous()
    if split == "unlabeled":
        return MemorySamples.of(str(path), image=images)
    labels = read_bytes(find("stl10", [f"stl10_binary/{split}_y.bin"], root, HOW))
    return MemorySamples.of(str(path), NAMES, image=images, label=labels.long() - 1)


@op(
    paper="coates2011stl10",
    splits={"train": 5000, "test": 8000, "unlabeled": 100000},
    fields={"image": "3 96 96"},
    classes=10,
)
def stl10(*, root: str = "") -> Splits:
    """STL-10: color images of 96 by 96 pixels, from `stl10_binary` below `root`; the split `unlabeled` has no labels.

    Source: Coates, Lee & Ng, AISTATS 2011. The unlabeled images also show other kinds of things than the ten classes,
    and take 2.8 GB of memory.
    """
    readers = {split: partial(read_split, split, root) for split in ("train", "test", "unlabeled")}
    return SplitsOnUse("stl10", traits_of(stl10), readers)
