"""Places205: 2.5 million photographs of 205 kinds of scenes, named by lists."""

from functools import partial
from pathlib import Path

import torch

from ssldsl.ops import op
from ssldsl.ops.data import Splits
from ssldsl.ops.data_dirs import BrokenData, find
from ssldsl.ops.decorator import traits_of
from ssldsl.ops.samples import FileSamples, SplitsOnUse

HOW = (
    "To get it: ask at places.csail.mit.edu for imagesPlaces205_resize.tar.gz and trainvalsplit_places205.tar.gz, and "
    "unpack both into one folder `places205`"
)
FOLDERS = ("places205/", "Places205/", "")
LISTS = ("", "trainvalsplit_places205/")
IMAGES = ("", "images256", "data/vision/torralba/deeplearning/images256")


def read_list(file: Path) -> tuple[tuple[str, ...], list[int]]:
    """Paths and classes of a list with one `path class` a line."""
    names, labels = [], []
    try:
        for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), start=1):
            name, _, label = line.strip().rpartition(" ")
            if not (name and label.isascii() and label.isdigit()):
                raise BrokenData(f"line {number} is not a path and the number of a class: {line[:80]!r}", str(file))
            names.append(name)
            labels.append(int(label))
    except (OSError, UnicodeDecodeError) as error:
        raise BrokenData(f"the file cannot be read: {error}", str(file)) from error
    if not names:
        raise BrokenData("no images in this list", str(file))
    return tuple(names), labels


def images_beside(file: Path, name: str) -> Path:
    """The folder that the paths of a list start from, where the archive of the images puts it or beside the list."""
    above = file.parent.parent if file.parent.name == LISTS[1].rstrip("/") else file.parent
    places = [above / folder for folder in IMAGES]
    found = next((place for place in places if (place / name).is_file()), None)
    if found is None:
        raise BrokenData(f"its first image, {name}, is in none of {', '.join(map(str, places))}", str(file))
    return found


def read_split(split: str, root: str) -> FileSamples:
    paths = [f"{folder}{inner}{split}_places205.csv" for folder in FOLDERS for inner in LISTS]
    file = find("places205", paths, root, HOW)
    names, labels = read_list(file)
    return FileSamples(images_beside(file, names[0]), names, torch.arange(len(names)), torch.tensor(labels))


@op(
    paper="zhou2014places",
    splits={"train": 2448873, "val": 20500},
    fields={"image": "3 height width"},
    classes=205,
)
def places205(*, root: str = "") -> Splits:
    """Places205: photographs of scenes, listed in `train_places205.csv` and `val_places205.csv` in `root/places205`.

    Source: Zhou et al., NeurIPS 2014. The lists may lie in `trainvalsplit_places205`, and the images in `images256` or
    in the folders of their archive, whose images have 256 by 256 pixels. A line of a list is `path class`. As many
    validation images of every class; the labels of the test images are not public.
    """
    readers = {split: partial(read_split, split, root) for split in ("train", "val")}
    return SplitsOnUse("places205", traits_of(places205), readers)
