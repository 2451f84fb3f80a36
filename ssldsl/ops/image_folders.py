"""Folders of image files whose names say nothing: what is read of them, and what is said of the rest."""

from collections import Counter
from collections.abc import Sequence
from pathlib import PurePath

import torch

from ssldsl.ops.archives import Folder
from ssldsl.ops.data_dirs import BrokenData
from ssldsl.ops.image_files import ENDINGS, is_image_file, visible_files
from ssldsl.ops.samples import FileSamples


def not_read(folder: Folder, skipped: Sequence[str]) -> tuple[str, ...]:
    """The note about files that are no pictures by their names."""
    if not skipped:
        return ()
    endings = Counter(PurePath(name).suffix.lower() or "no ending" for name in skipped)
    listed = ", ".join(f"{count} {ending}" for ending, count in endings.most_common(5))
    files = "1 file is" if len(skipped) == 1 else f"{len(skipped)} files are"
    return (f"{files} not read in {folder} ({listed}); read are {', '.join(ENDINGS)}",)


def read_unlabeled(folder: Folder) -> FileSamples:
    """All images of a folder and of the folders in it, without labels."""
    files = list(visible_files(folder))
    names = tuple(name for name in files if is_image_file(name))
    notes = not_read(folder, [name for name in files if not is_image_file(name)])
    if not names:
        raise BrokenData("\n".join(["no images in this folder", *notes]), str(folder))
    return FileSamples(folder, names, torch.arange(len(names)), None, notes)
