from pathlib import Path

import numpy as np
import pytest
import torch
from dataset_files import LABELS, save

from ssldsl.ops.places import BrokenData
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
        (BYTES / 255 * np.nan, "between 0 and 1"),
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
