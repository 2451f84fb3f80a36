"""A folder of images, one folder per class, which may lie in an archive."""

from collections.abc import Callable, Mapping
from functools import partial

import torch

from ssldsl.errors import did_you_mean
from ssldsl.ops import File, op
from ssldsl.ops.archives import Folder, is_archive, open_archive
from ssldsl.ops.data import Splits
from ssldsl.ops.data_dirs import BrokenData, find_given
from ssldsl.ops.decorator import traits_of
from ssldsl.ops.image_files import is_image_file, is_visible, visible_files
from ssldsl.ops.image_folders import not_read, read_unlabeled
from ssldsl.ops.samples import FileSamples, SplitsOnUse

# the folders that are read as a split, in any case of their letters
NAMES = {
    "train": ("train", "training"),
    "val": ("val", "valid", "validation"),
    "test": ("test", "testing"),
    "unlabeled": ("unlabeled", "unlabelled"),
}


def class_names(folder: Folder) -> list[str]:
    """Names of the classes in their order, which is that of the alphabet."""
    return sorted(entry.name for entry in folder.iterdir() if entry.is_dir() and is_visible(entry.name))


def split_folder(folder: Folder, split: str) -> Folder:
    """The folder of a split: of its name, or the only one of another spelling. It need not be there."""
    exact = folder / split
    found = [] if exact.is_dir() else [name for name in class_names(folder) if name.lower() in NAMES[split]]
    return folder / found[0] if len(found) == 1 else exact


def missing_folder(path: Folder) -> BrokenData:
    """What is said of a split without a folder: which folders are there, and what splits they are."""
    names = class_names(path.parent)
    splits = {name: split for split, known in NAMES.items() for name in names if name.lower() in known}
    there = [f"`{name}` (the split `{splits[name]}`)" if name in splits else f"`{name}`" for name in names]
    beside = f"beside it are: {', '.join(there)}" if there else f"{path.parent} holds no folders"
    lines = ["there is no such folder", beside, did_you_mean(path.name, names)]
    return BrokenData("\n".join(line for line in lines if line), str(path))


def in_no_class(folder: Folder) -> tuple[str, ...]:
    """The note about pictures that lie beside the folders of the classes."""
    loose = [e.name for e in folder.iterdir() if is_visible(e.name) and is_image_file(e.name) and not e.is_dir()]
    pictures = "1 picture lies" if len(loose) == 1 else f"{len(loose)} pictures lie"
    return (
        (f"{pictures} in {folder} itself, in no folder of a class, and the split `unlabeled` alone would read them",)
        if loose
        else ()
    )


def read_folder(folder: Folder, classes: list[str]) -> FileSamples:
    """All images of a folder, by class and then by name."""
    strangers = sorted(set(class_names(folder)) - set(classes))
    if strangers:
        raise BrokenData(
            f"{len(strangers)} folders are no classes of the training images: {strangers[:3]}", str(folder)
        )
    files = [
        (f"{name}/{file}", number)
        for number, name in enumerate(classes)
        if (folder / name).is_dir()
        for file in visible_files(folder / name)
    ]
    found = [(name, label) for name, label in files if is_image_file(name)]
    notes = (*not_read(folder, [name for name, _ in files if not is_image_file(name)]), *in_no_class(folder))
    if not found:
        raise BrokenData("\n".join(["no images in the folders of this folder", *notes]), str(folder))
    names, labels = tuple(name for name, _ in found), torch.tensor([label for _, label in found])
    return FileSamples(folder, names, torch.arange(len(names)), labels, notes, tuple(classes))


def folder_splits(
    source: Callable[..., Splits], readers: Mapping[str, Callable[[], FileSamples]], classes: Callable[[], list[str]]
) -> Splits:
    """Splits that are folders, with as many classes as there are folders of them."""
    return SplitsOnUse(source.__name__, traits_of(source), readers, lambda: len(classes()))


def read_split(path: Folder, classes: Callable[[], list[str]]) -> FileSamples:
    """The images of a split whose folder must be there."""
    if not path.is_dir():
        raise missing_folder(path)
    return read_folder(path, classes())


def read_all(folder: Folder) -> FileSamples:
    """The images of a folder of classes. Splits are no classes: the test images would be among the others."""
    parts = [name for name in class_names(folder) if name.lower() in NAMES["train"] and class_names(folder / name)]
    if parts:
        reason = f"the folders here are splits and not classes\nwrite `.train` for what is in `{parts[0]}`"
        raise BrokenData(reason, str(folder))
    return read_folder(folder, class_names(folder))


def read_loose(folder: Folder) -> FileSamples:
    """The images of the folder `unlabeled`; of the whole folder where it has no splits."""
    own = split_folder(folder, "unlabeled")
    if own.is_dir():
        return read_unlabeled(own)
    if any(split_folder(folder, split).is_dir() for split in NAMES):
        raise missing_folder(own)
    return read_unlabeled(folder)


@op(
    splits={"train": "N_train", "val": "N_val", "test": "N_test", "all": "N_all", "unlabeled": "N_unlabeled"},
    fields={"image": "3 height width"},
    classes="K",
)
def image_folder(*, path: File, root: str = "") -> Splits:
    """Your own image files in `<path>/<split>/<class>/`, read as RGB; without splits in `<path>/<class>/`, as `all`.

    Source: the layout of torchvision's ImageFolder. `path` is absolute, or starts at the folder of the spec,
    at the current one, or at `root`. A class has the same number in every split; folders in that of a class belong
    to it. The split `unlabeled` has the images in `<path>/unlabeled/`, or in a folder without splits all there are, in
    folders or not; they have no labels. Images may differ in size: crop or resize them in the stream. A `.zip` or
    `.tar` of such a folder is read as it is.
    """
    given = find_given("image_folder", path, root)
    if not given.is_dir() and not is_archive(given):
        raise BrokenData("this is a file, and a folder of images is wanted, or a zip or tar of one", str(given))
    folder = given if given.is_dir() else open_archive(given)
    train = split_folder(folder, "train")
    classes = partial(class_names, train if train.is_dir() else folder)
    readers: dict[str, Callable[[], FileSamples]] = {
        name: partial(read_split, split_folder(folder, name), classes) for name in ("train", "val", "test")
    }
    readers |= {"all": partial(read_all, folder), "unlabeled": partial(read_loose, folder)}
    return folder_splits(image_folder, readers, classes)
