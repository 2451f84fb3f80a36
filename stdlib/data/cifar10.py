"""CIFAR-10: small color photographs of ten kinds of things."""

import io
import pickle
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch

from ssldsl.ops import op
from ssldsl.ops.data import Splits
from ssldsl.ops.data_dirs import BrokenData, find
from ssldsl.ops.decorator import traits_of
from ssldsl.ops.samples import MemorySamples, SplitsOnUse

NAMES = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
ARRAYS = {
    ("numpy.core.multiarray", "_reconstruct"),
    ("numpy._core.multiarray", "_reconstruct"),
    ("numpy", "ndarray"),
    ("numpy", "dtype"),
    ("_codecs", "encode"),
}


class ArraysOnly(pickle.Unpickler):
    """Reads pickled numbers, texts, containers and arrays, and calls nothing else that a file names."""

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in ARRAYS:
            raise pickle.UnpicklingError(f"the file wants to call {module}.{name}")
        return super().find_class(module, name)


def read_batch(path: Path, label: str) -> tuple[np.ndarray[Any, Any], list[int]]:
    """Images (samples, 3, 32, 32) and labels of one batch file."""
    try:
        content = ArraysOnly(io.BytesIO(path.read_bytes()), encoding="latin1").load()
        images = np.asarray(content["data"], dtype=np.uint8).reshape(-1, 3, 32, 32)
        labels = [int(number) for number in content[label]]
    except (OSError, EOFError, pickle.UnpicklingError) as error:
        raise BrokenData(f"the file cannot be read: {error}", str(path)) from error
    except (KeyError, TypeError, ValueError, IndexError, AttributeError, ImportError) as error:
        raise BrokenData(f"this is no batch of a CIFAR set: {error!r}", str(path)) from error
    return images, labels


def names_beside(field: str, place: Path) -> list[str]:
    """The names of the classes in the file `meta` of a folder; none where it is missing."""
    try:
        content = ArraysOnly(io.BytesIO((place / "meta").read_bytes()), encoding="latin1").load()
        return [str(name) for name in content[field]]
    except (OSError, EOFError, pickle.UnpicklingError, KeyError, TypeError):
        return []


def batch_splits(
    source: Callable[..., Splits],
    folder: str,
    files: Mapping[str, Sequence[str]],
    label: str,
    names: Callable[[Path], Sequence[str]],
    root: str,
    how: str,
    **settings: int,
) -> Splits:
    """The splits of a CIFAR set, each made of one or several batch files. names: of the classes, by the folder."""

    def read(parts: Sequence[str]) -> MemorySamples:
        paths = [find(source.__name__, [f"{folder}/{name}"], root, how) for name in parts]
        batches = [read_batch(path, label) for path in paths]
        images = torch.from_numpy(np.concatenate([images for images, _ in batches]))
        labels = torch.tensor([number for _, labels in batches for number in labels])
        place = paths[0].parent
        return MemorySamples.of(str(place), names(place), image=images, label=labels)

    readers = {split: partial(read, parts) for split, parts in files.items()}
    return SplitsOnUse(source.__name__, traits_of(source), readers, **settings)


@op(paper="krizhevsky2009cifar", splits={"train": 50000, "test": 10000}, fields={"image": "3 32 32"}, classes=10)
def cifar10(*, root: str = "") -> Splits:
    """CIFAR-10: 50,000 training and 10,000 test images of 32 by 32 pixels, from `cifar-10-batches-py` below `root`.

    Source: Krizhevsky, Learning Multiple Layers of Features from Tiny Images, 2009. Classes are
    balanced. The files are pickles, from which nothing but numbers, texts and arrays is read.
    """
    files = {"train": [f"data_batch_{number}" for number in range(1, 6)], "test": ["test_batch"]}
    how = """To get it: python -c "from torchvision.datasets import CIFAR10; CIFAR10('data', download=True)\""""
    return batch_splits(cifar10, "cifar-10-batches-py", files, "labels", lambda place: NAMES, root, how)
