"""A folder of images of a person's own: two classes that a network tells apart in a few steps."""

from pathlib import Path

import numpy as np
from PIL import Image

SPEC = """\
ssl 1
data   images  = image_folder("pictures")
stream labeled = images.train >> resize(16)
net    encoder = convnet(width=4)
head   classes = linear(encoder.dim, images.classes)
loss  = ce(labeled)
optimizer = sgd(lr=0.1, momentum=0.9)
batch = 8
run   = 12it
evaluate = 12it
eval top1(images.test >> resize(16))
eval confusion_matrix(images.test >> resize(16))
"""


def make_images(folder: Path, count: int = 8, side: int = 16) -> Path:
    """`<folder>/<split>/<class>/<n>.png`: dark pictures are of the class `<night>`, bright ones of `day & noon`."""
    random = np.random.default_rng(0)
    for split in ("train", "test"):
        for name, level in (("<night>", 20), ("day & noon", 180)):
            place = folder / split / name
            place.mkdir(parents=True)
            for i in range(count):
                pixels = level + random.integers(0, 40, (side, side + i % 2, 3), dtype=np.uint8)
                Image.fromarray(pixels).save(place / f"{i}.png")
    return folder
