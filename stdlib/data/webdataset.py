"""Images in the shards of a WebDataset: tar archives in which the files of a sample have one name."""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from functools import cache, partial
from pathlib import Path

import torch
from attrs import frozen
from torch import Tensor

from ssldsl.errors import did_you_mean
from ssldsl.ops import File, op
from ssldsl.ops.archives import Archives, Inside, open_archives
from ssldsl.ops.data import Splits
from ssldsl.ops.data_dirs import BrokenData, find_given
from ssldsl.ops.decorator import traits_of
from ssldsl.ops.image_files import ENDINGS
from ssldsl.ops.samples import FileSamples, SplitsOnUse
from ssldsl.stdlib.data.image_folder import NAMES

JSON = "json."


@frozen
class Files:
    """The files of samples by what stands behind their common names, such as `jpg` and `cls`."""

    archives: Archives
    samples: tuple[Mapping[str, str], ...]

    def images(self, ending: str) -> list[str]:
        """The image of every sample: the file with that ending, else the only one that is a picture."""
        return [self._image(sample, ending) for sample in self.samples]

    def _image(self, sample: Mapping[str, str], ending: str) -> str:
        found = [name for end, name in sample.items() if (end == ending if ending else f".{end}" in ENDINGS)]
        if len(found) == 1:
            return found[0]
        there = ", ".join(f"`{end}`" for end in sample)
        wanted = f"no file `{ending}`" if ending else "no image" if not found else "several images"
        help = "\nname the one that is meant: `image=`" if found else ""
        raise BrokenData(f"a sample has {wanted}, only {there}{help}", self._place(sample))

    def _place(self, sample: Mapping[str, str]) -> str:
        return self.archives.called(next(iter(sample.values())))

    def labels(self, label: str) -> list[str]:
        """The label of every sample, as it is written."""
        ending, key = ("json", label.removeprefix(JSON)) if label.startswith(JSON) else (label, "")
        for sample in self.samples:
            if ending not in sample:
                lines = [f"a sample has no file `{ending}` with its label", did_you_mean(ending, list(sample))]
                raise BrokenData("\n".join(line for line in lines if line), self._place(sample))
        names = [sample[ending] for sample in self.samples]
        texts = self.archives.read_many(names)
        return [self._label(name, text, key) for name, text in zip(names, texts, strict=True)]

    def _label(self, name: str, content: bytes, key: str) -> str:
        try:
            value = json.loads(content)[key] if key else content.decode().strip()
        except (ValueError, KeyError, TypeError) as error:
            said = f"there is no `{key}` in it" if key else "the label is no text"
            raise BrokenData(f"{said}: {error}", self.archives.called(name)) from error
        if not isinstance(value, str | int):
            raise BrokenData(
                f"`{key}` is no whole number and no text: one label a sample is wanted", self.archives.called(name)
            )
        return str(value)


@cache
def shards(place: Path) -> Mapping[str, Sequence[Path]]:
    """The archives of every split, by words in their names; where no name has one they are all `train`."""
    paths = [place] if place.is_file() else sorted(place.rglob("*.tar"))
    if not paths:
        raise BrokenData("there is no `.tar` in this folder", str(place))
    found: dict[str, list[Path]] = {}
    for path in paths:
        own = path.name if path == place else path.relative_to(place).as_posix()
        words = re.split("[^a-z]+", own.lower())
        split = next((split for split, names in NAMES.items() if set(names) & set(words)), "")
        found.setdefault(split, []).append(path)
    return found if set(found) != {""} else {"train": paths}


def shards_of(place: Path, split: str) -> list[Path]:
    """The archives of a split; `all` has those of every split with labels."""
    known = shards(place)
    chosen = [name for name in known if name != "unlabeled"] if split == "all" else [split]
    found = [path for name in chosen for path in known.get(name, ())]
    if not found:
        there = ", ".join(name for name in known if name)
        raise BrokenData(f"no name of an archive has the word `{split}`, only {there}", str(place))
    return found


@cache
def files_of(place: Path, split: str) -> Files:
    """The samples of a split in the order of the archives. A sample's name ends at the first dot of its file's name."""
    paths = {
        path.relative_to(place).as_posix() if place.is_dir() else path.name: path for path in shards_of(place, split)
    }
    archives = open_archives(paths)
    samples: dict[str, dict[str, str]] = {}
    for name in archives.places:
        folder, slash, own = name.rpartition("/")
        stem, _, ending = own.partition(".")
        if stem:
            samples.setdefault(f"{folder}{slash}{stem}", {})[ending.lower()] = name
    if not samples:
        raise BrokenData("there are no samples in these archives", str(place))
    return Files(archives, tuple(samples.values()))


@cache
def class_names(place: Path, label: str) -> tuple[str, ...]:
    """What the classes are called, by the alphabet; nothing where the labels are their numbers."""
    known = shards(place)
    texts = set(files_of(place, "train" if "train" in known else "all").labels(label))
    return () if all(text.isdigit() for text in texts) else tuple(sorted(texts))


def read_labels(files: Files, place: Path, label: str) -> Tensor:
    """The number of every sample's class."""
    names = class_names(place, label)
    numbers = {text: number for number, text in enumerate(names)}
    texts = files.labels(label)
    strange = next((text for text in texts if text not in numbers and (names or not text.isdigit())), None)
    if strange is not None:
        raise BrokenData(f"the label `{strange}` is of no training sample", str(place))
    return torch.tensor([numbers[text] if names else int(text) for text in texts])


def read_split(place: Path, split: str, image: str, label: str) -> FileSamples:
    """The samples of a split."""
    files = files_of(place, split)
    images = tuple(files.images(image))
    has_labels = bool(label) and split != "unlabeled"
    labels = read_labels(files, place, label) if has_labels else None
    names = class_names(place, label) if has_labels else ()
    return FileSamples(Inside(files.archives), images, torch.arange(len(images)), labels, (), names)


def count(place: Path, label: str) -> int:
    """How many classes there are: as many as names, else one more than the highest number of any split."""
    names = class_names(place, label)
    splits = () if names else [split for split in shards(place) if split not in ("", "unlabeled")]
    numbers = [int(text) for split in splits for text in files_of(place, split).labels(label) if text.isdigit()]
    return len(names) or max(numbers) + 1


@op(
    splits={"train": "N_train", "val": "N_val", "test": "N_test", "all": "N_all", "unlabeled": "N_unlabeled"},
    fields={"image": "3 height width"},
    classes="K",
)
def webdataset(*, path: File, image: str = "", label: str = "cls", root: str = "") -> Splits:
    """Images in the shards of a WebDataset: one `.tar`, or a folder of them, whose names say the split.

    Source: the layout of the library `webdataset`, which is not needed. `train-0003.tar` and `train/0003.tar` belong to
    `train`; where no name has a split, all are `train`. The files of a sample have one name up to the first dot.
    `image`: the ending of the one that is the image, where there are several. `label`: that of the one with the class
    (`cls`, `txt`), a number or a text; `json.species` is an entry of a JSON file; an empty one says that there are no
    labels. The places of all files are looked up once, and each is read where it lies: the order is drawn over all
    samples, and runs are resumed exactly with any number of processes, which a stream through a buffer could not. For
    that the archives must be files (no URLs, no `.tar.gz`), and a disk that reads only in order well is slow.
    """
    place = find_given("webdataset", path, root)
    names = ("train", "val", "test", "all", "unlabeled")
    readers: dict[str, Callable[[], FileSamples]] = {
        split: partial(read_split, place, split, image, label) for split in names
    }
    listed = partial(count, place, label) if label else None
    return SplitsOnUse(webdataset.__name__, traits_of(webdataset), readers, listed)
