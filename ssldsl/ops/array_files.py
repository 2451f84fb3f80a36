"""Arrays in NumPy's files: read whole, or where they are large mapped, so that a row is read when it is wanted."""

import errno
import warnings
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ssldsl.ops.data_dirs import BrokenData

LARGE = 2**30  # bytes of a file from which on its rows are read when they are wanted
_TOO_LARGE = (
    "they do not fit into memory\nthe rows of an `.npy` file of more than 1 GB are read when they are wanted: "
    "save each array by itself with `np.save`"
)


_NO_ROOM = (
    "the file cannot be mapped: a process may not have so many addresses here\nits rows are read when they are wanted, "
    "which takes no memory but addresses for the whole file: raise the limit (`ulimit -v unlimited`)"
)


def has_array(path: Path, name: str) -> bool:
    """Whether a file or a folder of files has an array of that name."""
    if path.is_dir():
        return (path / f"{name}.npy").is_file()
    with _opened(path) as content:
        return name in content


def read_array(path: Path, name: str) -> Tensor:
    """One array, of an `.npz` file or of a folder of `.npy` files. Nothing pickled is read."""
    file = path / f"{name}.npy" if path.is_dir() else path
    try:
        content = np.load(_begun(file), mmap_mode=_mode(file), allow_pickle=False)
        if isinstance(content, np.ndarray):
            return _tensor(content)
        with content:
            if name not in content:
                raise BrokenData(f"there is no array `{name}`, only {sorted(content)}", str(file))
            return _tensor(content[name])
    except FileNotFoundError as error:
        raise BrokenData("there is no such file", str(file)) from error
    except MemoryError as error:
        raise BrokenData(_TOO_LARGE, str(file)) from error
    except (OSError, EOFError, ValueError, TypeError, zipfile.BadZipFile) as error:
        raise BrokenData(_reason(name, error, file), str(file)) from error


def is_mapped(file: Path) -> bool:
    """Whether the rows of an array are read when they are wanted."""
    return _mode(file) is not None


def _opened(path: Path) -> Any:
    try:
        return np.load(_begun(path), allow_pickle=False)
    except (OSError, EOFError, ValueError, zipfile.BadZipFile) as error:
        raise BrokenData(_reason("", error, path), str(path)) from error


def _mode(file: Path) -> Any:
    """How a file is opened: large ones as memory that is the file, which nobody may write to."""
    return "r" if file.suffix == ".npy" and file.stat().st_size >= LARGE else None


def _begun(file: Path) -> Path:
    """The file, if it begins as one that NumPy saved: of any other NumPy would say that it is a pickle."""
    with file.open("rb") as stream:
        start = stream.read(6)
    if not start:
        raise BrokenData("the file is empty", str(file))
    if not start.startswith((b"PK\x03\x04", b"PK\x05\x06", b"\x93NUMPY")):
        raise BrokenData("this is no file of NumPy arrays (`.npz` or `.npy`)", str(file))
    return file


def _tensor(array: "np.ndarray[Any, Any]") -> Tensor:
    if array.dtype.kind in "US":
        raise TypeError("they are texts, and numbers are wanted")
    if not array.dtype.isnative:
        array = array.astype(array.dtype.newbyteorder("="))
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="The given NumPy array is not writable")  # rows of it are copied
        return torch.from_numpy(array)


def _reason(name: str, error: Exception, file: Path) -> str:
    if isinstance(error, OSError) and error.errno == errno.ENOMEM:
        return _NO_ROOM if is_mapped(file) else _TOO_LARGE
    if "pickle" in str(error) or "Object arrays" in str(error):
        return f"`{name}` holds Python objects (pickles), which are never read: save an array of numbers"
    return f"the arrays cannot be read: {error}"
