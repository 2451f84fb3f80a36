"""Files of a few samples in the layouts that data sets have."""

import gzip
import pickle
import struct
from pathlib import Path

import numpy as np

LABELS = np.array([0, 1, 2, 0], dtype=np.int32)
SPLITS = {"train": 12, "test": 4}  # the samples of `write_set`


def write_batch(path: Path, label: str, count: int, classes: int = 10) -> np.ndarray:
    """A pickled batch of CIFAR; gives its pixels."""
    path.parent.mkdir(parents=True, exist_ok=True)
    data = np.random.default_rng(len(path.name)).integers(0, 256, (count, 3072), dtype=np.uint8)
    path.write_bytes(pickle.dumps({"data": data, label: [i % classes for i in range(count)], "filenames": []}, 2))
    return data


def write_idx(path: Path, array: np.ndarray) -> None:
    """An array in the format of MNIST, compressed if the name says so."""
    path.parent.mkdir(parents=True, exist_ok=True)
    header = bytes([0, 0, 8, array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape)
    content = header + array.astype(np.uint8).tobytes()
    path.write_bytes(gzip.compress(content) if path.suffix == ".gz" else content)


def write_set(folder: Path, suffix: str = "") -> None:
    """A set in the layout of MNIST: twelve and four images of random bytes."""
    random = np.random.default_rng(0)
    for prefix, count in (("train", 12), ("t10k", 4)):
        write_idx(folder / f"{prefix}-images-idx3-ubyte{suffix}", random.integers(0, 256, (count, 28, 28)))
        write_idx(folder / f"{prefix}-labels-idx1-ubyte{suffix}", np.arange(count) % 10)


def save(folder: Path, form: str, **arrays: np.ndarray) -> str:
    """The arrays as an `.npz` file, as a folder of `.npy` files, or as the first of such files."""
    if form == "npz":
        np.savez(folder / "set.npz", **arrays)
        return "set.npz"
    (folder / "set").mkdir()
    for name, array in arrays.items():
        np.save(folder / "set" / f"{name}.npy", array)
    return "set" if form == "folder" else f"set/{next(iter(arrays))}.npy"
