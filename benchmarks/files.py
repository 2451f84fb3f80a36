"""Photographs in JPEG files, read and cropped by one core, beside torchvision with Pillow."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from attrs import define
from PIL import Image
from torch import Tensor

from benchmarks.timing import Side
from benchmarks.views import photographs
from ssldsl import pipeline
from ssldsl.ops.image_files import read_pixels
from ssldsl.ops.library import Library
from ssldsl.ops.random import Rows, SampleRng
from ssldsl.runtime.data.datasets import Datasets
from ssldsl.runtime.data.feed import Feed
from ssldsl.runtime.data.measure import measure
from ssldsl.source import Source
from ssldsl.stdlib.views.flip import flip

ROWS = 16
SIZES = ((224, 224), (375, 500))  # height and width
SPEC = """ssl 1
data images = image_folder(path="{folder}")
stream crops = images.train >> random_resized_crop(224) >> flip()
net encoder = convnet(width=8)
head classes = linear(encoder.dim, images.classes)
loss = ce(crops)
optimizer = sgd(lr=0.1)
batch = {{crops: 16}}
run = 100000it
"""


def make_files(folder: Path, height: int, width: int, count: int = 64) -> Path:
    """Files of one class, of quality 90."""
    place = folder / "train" / "one"
    place.mkdir(parents=True)
    for number, image in enumerate(photographs(count, max(height, width))):
        Image.fromarray(np.asarray(image[:, :height, :width].permute(1, 2, 0))).save(
            place / f"{number}.jpg", quality=90
        )
    return folder


class Ours:
    """The batches that a run gets, prepared in this process: the flip is made of the whole batch."""

    def __init__(self, folder: Path) -> None:
        library = Library.shipped()
        program = pipeline.compose(Source("files.ssl", SPEC.format(folder=folder)), library=library).unwrap()
        datasets = Datasets(library)
        measured = measure(program, datasets)
        plan = pipeline.compile(program, sizes=measured.sizes, resident=measured.resident)
        (stage,) = plan.stages
        samples = {s.name: datasets.samples(stage, s.data) for s in stage.streams}
        self.feed = Feed(plan, stage, samples, library=library)

    def step(self, number: int) -> None:
        images = next(v for v in self.feed.batch_at(number).values() if v.ndim == 4)
        row = torch.arange(len(images))
        flip(images, rng=SampleRng(number, Rows(row, row, row)))


@define
class Theirs:
    """`ImageFolder` with Pillow, one image after the other."""

    data: torch.utils.data.Dataset[tuple[Tensor, int]]
    count: int

    def step(self, number: int) -> None:
        torch.stack([self.data[(number * ROWS + i) % self.count][0] for i in range(ROWS)])


def theirs(folder: Path) -> Theirs:
    from torchvision.datasets import ImageFolder
    from torchvision.transforms import v2 as t

    made = [t.RandomResizedCrop(224), t.RandomHorizontalFlip(), t.PILToTensor(), t.ToDtype(torch.float32, scale=True)]
    data = ImageFolder(str(folder / "train"), t.Compose(made))
    return Theirs(data, len(data))


@define
class Decoded:
    """Files read and decoded, and nothing else: what of the whole is no work on images."""

    read: Callable[[Path], object]
    paths: list[Path]

    def step(self, number: int) -> None:
        for i in range(ROWS):
            self.read(self.paths[(number * ROWS + i) % len(self.paths)])


def by_pillow(path: Path) -> object:
    """As `ImageFolder` opens a file."""
    with Image.open(path) as image:
        return image.convert("RGB")


def cases() -> list[tuple[str, Callable[[Path], list[Side]]]]:
    """Names, and what makes both sides in an empty folder."""

    def decoding(height: int, width: int) -> Callable[[Path], list[Side]]:
        def make(folder: Path) -> list[Side]:
            paths = sorted(make_files(folder, height, width).rglob("*.jpg"))
            return [Decoded(read_pixels, paths), Decoded(by_pillow, paths)]

        return make

    def maker(height: int, width: int) -> Callable[[Path], list[Side]]:
        def make(folder: Path) -> list[Side]:
            make_files(folder, height, width)
            return [Ours(folder), theirs(folder)]

        return make

    whole = [(f"JPEG {width}x{height}", maker(height, width)) for height, width in SIZES]
    return [*whole, *((f"JPEG {width}x{height}, decoded alone", decoding(height, width)) for height, width in SIZES)]
