"""Arrays in files: whole or mapped, in any order of bytes; and messages where there is no array."""

import errno
from pathlib import Path

import numpy as np
import pytest
import torch

from ssldsl.ops import array_files
from ssldsl.ops.array_files import has_array, is_mapped, read_array
from ssldsl.ops.data_dirs import BrokenData

NUMBERS = np.arange(12, dtype=np.float32).reshape(3, 4)


@pytest.mark.parametrize("kind", ["<f4", ">f4", "f8", "f2", "u1", ">i8", "u2"])
@pytest.mark.parametrize("order", ["C", "F"])
def test_numbers_are_the_same_however_they_are_stored(kind: str, order: str, tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", np.asarray(NUMBERS, dtype=kind, order=order))
    np.savez(tmp_path / "a.npz", a=NUMBERS.astype(kind))
    for path in (tmp_path, tmp_path / "a.npz"):
        assert read_array(path, "a").double().tolist() == NUMBERS.tolist()


def test_an_array_is_found_in_both_forms(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", NUMBERS)
    np.savez(tmp_path / "a.npz", a=NUMBERS)
    for path in (tmp_path, tmp_path / "a.npz"):
        assert has_array(path, "a") and not has_array(path, "b")


def test_a_large_file_is_mapped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    np.save(tmp_path / "a.npy", NUMBERS)
    assert not is_mapped(tmp_path / "a.npy")
    monkeypatch.setattr(array_files, "LARGE", 100)
    assert is_mapped(tmp_path / "a.npy")
    assert torch.equal(read_array(tmp_path, "a"), torch.from_numpy(NUMBERS))


def test_of_an_array_larger_than_memory_rows_are_read(tmp_path: Path) -> None:
    shape = (2**20, 3, 64, 64)  # 12 GB, of which the disk holds what is written
    array = np.lib.format.open_memmap(tmp_path / "a.npy", mode="w+", dtype=np.uint8, shape=shape)
    array[-1] = 7
    array.flush()
    assert read_array(tmp_path, "a")[torch.tensor([0, 2**20 - 1])].sum(dim=(1, 2, 3)).tolist() == [0, 7 * 3 * 64 * 64]


@pytest.mark.parametrize("error", [MemoryError("Unable to allocate"), OSError(errno.ENOMEM, "Cannot allocate memory")])
def test_what_does_not_fit_into_memory_is_a_message(
    error: Exception, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def load(*args: object, **kwargs: object) -> None:
        raise error

    np.savez(tmp_path / "a.npz", a=NUMBERS)
    monkeypatch.setattr(np, "load", load)
    with pytest.raises(BrokenData, match=r"a\.npz: they do not fit into memory\nthe rows of an `\.npy` file"):
        read_array(tmp_path / "a.npz", "a")


def test_texts_are_no_numbers(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", a=np.array(["cat", "dog"]))
    with pytest.raises(BrokenData, match="they are texts, and numbers are wanted"):
        read_array(tmp_path / "a.npz", "a")
