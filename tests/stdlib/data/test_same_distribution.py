"""Images in memory and the same images in files give a step the same batches."""

from pathlib import Path

import numpy as np
import torch
from PIL import Image

from ssldsl.ops.random import Rows, SampleRng
from ssldsl.stdlib.data.image_arrays import image_arrays
from ssldsl.stdlib.data.image_folder import image_folder
from ssldsl.stdlib.data.subset import subset
from ssldsl.stdlib.views.color_jitter import color_jitter
from ssldsl.stdlib.views.flip import flip
from ssldsl.stdlib.views.random_resized_crop import random_resized_crop


def augmented(images: torch.Tensor, ids: torch.Tensor) -> torch.Tensor:
    """What a stream would show of the samples."""
    rows = Rows(ids, torch.full_like(ids, 2), torch.zeros_like(ids))
    images = random_resized_crop(images, rng=SampleRng(1, rows), size=16)
    return color_jitter(flip(images, rng=SampleRng(2, rows)), rng=SampleRng(3, rows))


def test_a_folder_and_an_array_of_the_same_images_give_the_same_batches(tmp_path: Path) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (30, 20, 24, 3), dtype=np.uint8)
    labels = np.repeat(np.arange(3), 10)
    np.savez(tmp_path / "set.npz", data=pixels, label=labels)
    for number, (image, label) in enumerate(zip(pixels, labels, strict=True)):
        folder = tmp_path / "set" / f"class{label}"
        folder.mkdir(parents=True, exist_ok=True)
        Image.fromarray(image).save(folder / f"{number:02}.png")
    resident = subset(image_arrays(path="set.npz", channels_last=True)["train"], count=9, seed=4)
    files = subset(image_folder(path="set")["all"], count=9, seed=4)
    assert torch.equal(resident.ids, files.ids) and torch.equal(resident.labels, files.labels)

    rows = torch.tensor([7, 0, 3, 3])
    together = augmented(resident.read(rows)["image"], resident.ids[rows])
    one_by_one = [augmented(files.read(row.view(1))["image"], files.ids[row].view(1)) for row in rows]
    torch.testing.assert_close(torch.cat(one_by_one), together, atol=2e-6, rtol=0)
