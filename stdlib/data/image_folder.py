"""A folder of images, one folder per class."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

import torch

from ssldsl.ops import File, op
from ssldsl.ops.data import Splits
from ssldsl.ops.decorator import facts_of
from ssldsl.ops.places import BrokenData, find_given
from ssldsl.ops.samples import FileSamples, SplitsOnUse


def class_names(folder: Path) -> list[str]:
    """Names of the classes in their order, which is that of the alphabet."""
    return sorted(entry.name for entry in folder.iterdir() if entry.is_dir() and not entry.name.startswith("."))


def read_folder(folder: Path, classes: list[str]) -> FileSamples:
    """All images of a folder, by class and then by name."""
    from torchvision.datasets.folder import IMG_EXTENSIONS, make_dataset  # here: torchvision is slow to import

    strangers = sorted(set(class_names(folder)) - set(classes))
    if strangers:
        raise BrokenData(
            f"{len(strangers)} folders are no classes of the training images: {strangers[:3]}", str(folder)
        )
    numbers = {name: number for number, name in enumerate(classes)}
    found = make_dataset(folder, numbers, extensions=IMG_EXTENSIONS, allow_empty=True)
    if not found:
        raise BrokenData("no images in the folders of this folder", str(folder))
    names = tuple(Path(file).relative_to(folder).as_posix() for file, _ in found)
    return FileSamples(folder, names, torch.arange(len(names)), torch.tensor([label for _, label in found]))


def folder_splits(source: Callable[..., Splits], folder: Path, splits: dict[str, Path]) -> Splits:
    """Splits that are folders. Classes are those of the split `train`, or of the folder itself where there is none."""
    train = splits["train"]
    classes = partial(class_names, train if train.is_dir() else folder)

    def read(path: Path) -> FileSamples:
        if not path.is_dir():
            raise BrokenData("there is no such folder", str(path))
        return read_folder(path, classes())

    readers = {name: partial(read, path) for name, path in splits.items()}
    return SplitsOnUse(source.__name__, facts_of(source), readers, lambda: len(classes()))


@op(
    splits={"train": "N_train", "val": "N_val", "test": "N_test", "all": "N_all"},
    fields={"image": "3 height width"},
    classes="K",
)
def image_folder(*, path: File, root: str = "") -> Splits:
    """Images in `<path>/<split>/<class>/`, read as RGB one by one; of the split `all`, in `<path>/<class>/`.

    Source: the layout of torchvision's ImageFolder. `path` is a whole one, or starts at the folder of the spec,
    at the current one, or at `root`.
    A class has the same number in every split. Images may differ in size: crop or resize them in the stream.
    """
    folder = find_given("image_folder", path, root)
    splits = {name: folder / name for name in ("train", "val", "test")} | {"all": folder}
    return folder_splits(image_folder, folder, splits)
