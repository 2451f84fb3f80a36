from pathlib import Path

import numpy as np
import pytest
import torch
from dataset_files import LABELS, save

from ssldsl.ops import array_files
from ssldsl.ops.data_dirs import BrokenData
from ssldsl.ops.mapped import MappedSamples
from ssldsl.ops.samples import MemorySamples
from ssldsl.stdlib.data.image_arrays import image_arrays

BYTES = np.random.default_rng(0).integers(0, 256, (4, 3, 5, 6), dtype=np.uint8)


@pytest.mark.parametrize(
    ("array", "channels_last", "expected"),
    [
        (BYTES, False, BYTES / 255),
        (BYTES.transpose(0, 2, 3, 1), True, BYTES / 255),
        (BYTES[:, 0], False, BYTES[:, :1] / 255),
        (BYTES[:, 0], True, BYTES[:, :1] / 255),
        (BYTES / 255, False, BYTES / 255),
    ],
)
def test_images_of_every_layout_come_out_alike(
    array: np.ndarray, channels_last: bool, expected: np.ndarray, tmp_path: Path
) -> None:
    path = save(tmp_path, "npz", data=array, label=LABELS)
    found = image_arrays(path=path, channels_last=channels_last)["train"].read(torch.arange(4))["image"]
    torch.testing.assert_close(found, torch.from_numpy(expected).float())


@pytest.mark.parametrize(
    ("array", "reason"),
    [
        (BYTES.astype(float), "between 0 and 1, and these between 0 and 255"),
        (BYTES.astype(np.int64), "bytes or floats"),
        (BYTES[0, 0], "2 dimensions"),
    ],
)
def test_what_is_no_image_is_refused(array: np.ndarray, reason: str, tmp_path: Path) -> None:
    path = save(tmp_path, "npz", data=array, label=np.zeros(len(array), dtype=int))
    with pytest.raises(BrokenData, match=reason):
        image_arrays(path=path)["train"]


def test_the_declared_shape_of_images_is_checked(tmp_path: Path) -> None:
    path = save(tmp_path, "npz", data=BYTES, label=LABELS)
    with pytest.raises(BrokenData, match="the shape 3 5 6 instead of 1 5 width"):
        image_arrays(path=path, channels=1, height=5)["train"]


LAST = {"channels_last": True}
CHANNELS_LAST = np.zeros((4, 8, 9, 3), dtype=np.uint8)


@pytest.mark.parametrize(
    ("array", "settings", "said"),
    [
        (CHANNELS_LAST, {}, "8 channels and 9 × 3 pixels: if that is not meant, say `channels_last=true`"),
        (CHANNELS_LAST, LAST, None),
        (CHANNELS_LAST, {"channels_last": False}, None),
        (CHANNELS_LAST, {"channels": 8}, None),
        (BYTES, {}, None),
        (
            BYTES,
            LAST,
            "6 channels and 3 × 5 pixels: if that is not meant, leave `channels_last` out",
        ),
        (BYTES[:, 0], LAST, None),
        (np.zeros((4, 7, 5, 6), dtype=np.uint8), {}, None),
    ],
)
def test_a_layout_that_is_likely_the_other_one_is_told(
    array: np.ndarray, settings: dict[str, object], said: str | None, tmp_path: Path
) -> None:
    notes = image_arrays(path=save(tmp_path, "npz", data=array, label=LABELS), **settings)["train"].notes
    assert [note.split(" is read as pictures of ")[1] for note in notes] == ([said] if said else [])


def test_floats_of_bytes_are_told_the_way_out(tmp_path: Path) -> None:
    path = save(tmp_path, "npz", data=BYTES.astype(np.float32), label=LABELS)
    with pytest.raises(BrokenData, match=r"\ndivide them by 255, or save them as bytes \(uint8\)"):
        image_arrays(path=path)["train"]


@pytest.mark.parametrize("channels_last", [False, True])
@pytest.mark.parametrize("kind", [np.uint8, np.float16, np.float64])
def test_large_arrays_are_read_by_rows_and_give_the_same(
    kind: type, channels_last: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    array = BYTES if kind is np.uint8 else (BYTES / 255).astype(kind)
    path = save(tmp_path, "npy", data=array.transpose(0, 2, 3, 1) if channels_last else array, label=LABELS)
    small = image_arrays(path=path, channels_last=channels_last)["train"]
    monkeypatch.setattr(array_files, "LARGE", 1)
    large = image_arrays(path=path, channels_last=channels_last)["train"]
    assert isinstance(small, MemorySamples) and isinstance(large, MappedSamples)
    for rows in (torch.arange(4), torch.tensor([2, 0])):
        assert all(torch.equal(value, small.read(rows)[name]) for name, value in large.read(rows).items())
    with pytest.raises(BrokenData, match="the shape 3 5 6 instead of channels height 7"):
        image_arrays(path=path, channels_last=channels_last, width=7)["train"]


def test_a_row_of_a_large_array_that_is_no_image_is_refused_when_it_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(array_files, "LARGE", 1)
    array = (BYTES / 255).astype(np.float32)
    array[3] = 2
    train = image_arrays(path=save(tmp_path, "npy", data=array, label=LABELS))["train"]
    assert train.read(torch.tensor([0]))["image"].shape == (1, 3, 5, 6)
    with pytest.raises(BrokenData, match="`data`: floats of images lie between 0 and 1, and these between 2 and 2"):
        train.read(torch.tensor([3]))


@pytest.mark.parametrize(
    ("array", "cure"),
    [
        (BYTES.astype(np.int64), r"array\.astype\('uint8'\)"),
        (BYTES.astype(np.uint16) * 257, r"\(array / array\.max\(\)\)"),
        (BYTES > 100, r"\(255 \* array\)\.astype\('uint8'\)"),
        (BYTES.reshape(len(BYTES), -1), "`vector_arrays`"),
        (BYTES / 128 - 1.0, "before they were normalized"),
        (np.full(BYTES.shape, np.nan), "NaN or infinite"),
    ],
)
def test_arrays_that_hold_no_images_are_told_how_they_are_saved(array: np.ndarray, cure: str, tmp_path: Path) -> None:
    with pytest.raises(BrokenData, match=cure):
        image_arrays(path=save(tmp_path, "npz", data=array, label=LABELS))["train"].read(torch.tensor([0]))
