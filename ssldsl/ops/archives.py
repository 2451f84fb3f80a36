"""Files inside zip and tar archives, read where they lie: nothing is unpacked, and any file can be read at any time."""

import struct
import tarfile
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import BinaryIO, NamedTuple

from attrs import frozen

from ssldsl.ops.data_dirs import BrokenData

PLAIN = -1  # how a tar holds a file; the other numbers are those of zip
_HEADER = struct.Struct("<4s22xHH")  # before a file in a zip: a mark, and how long its name and a further part are


class PackedFile(NamedTuple):
    """Where a file lies: in which archive, from which byte on, how many bytes, and how they are packed.

    In a zip the file has a header of its own at `start`.
    """

    archive: int
    start: int
    size: int
    method: int = PLAIN


@frozen(eq=False)
class Archives:
    """The files of some archives by their paths. No file stays open: every process may have a copy of this."""

    paths: tuple[Path, ...]
    places: Mapping[str, PackedFile]

    def read(self, name: str) -> bytes:
        """The content of a file. `BrokenData` where its archive is damaged, or another by now."""
        return next(self.read_many([name]))

    def read_many(self, names: Iterable[str]) -> Iterator[bytes]:
        """The contents of some files. Of those that follow each other in one archive it is opened once."""
        with ExitStack() as stack:
            opened, number = None, -1
            for name in names:
                place = self.places[name]
                try:
                    if opened is None or place.archive != number:
                        stack.close()
                        opened, number = stack.enter_context(self.paths[place.archive].open("rb")), place.archive
                    yield _content(opened, place)
                except (OSError, ValueError, struct.error, zlib.error) as error:
                    raise BrokenData(f"it cannot be read from its archive: {error}", self.called(name)) from error

    def called(self, name: str) -> str:
        """What messages call a file or a folder: the path of an archive, then its own."""
        archive = self.paths[self.places[name].archive if name in self.places else 0]
        return f"{archive}/{name}" if name else str(archive)

    @cached_property
    def folders(self) -> Mapping[str, Sequence[str]]:
        """What lies in every folder; the outermost has no name."""
        found: dict[str, dict[str, None]] = {"": {}}
        for name in self.places:
            path, is_known = name, False
            while path and not is_known:
                folder, _, own = path.rpartition("/")
                is_known = folder in found
                found.setdefault(folder, {})[own] = None
                path = folder
        return {folder: tuple(names) for folder, names in found.items()}


@frozen
class Inside:
    """A file or a folder in archives, by what data ops use of `pathlib.Path`."""

    archives: Archives
    path: str = ""

    @property
    def name(self) -> str:
        return PurePosixPath(self.path).name

    @property
    def parent(self) -> "Inside":
        return Inside(self.archives, self.path.rpartition("/")[0])

    def __truediv__(self, name: str) -> "Inside":
        return Inside(self.archives, f"{self.path}/{name}" if self.path else name)

    def __str__(self) -> str:
        return self.archives.called(self.path)

    def is_dir(self) -> bool:
        return self.path in self.archives.folders

    def iterdir(self) -> Iterator["Inside"]:
        """What lies in the folder."""
        return (self / name for name in self.archives.folders[self.path])

    def read_bytes(self) -> bytes:
        return self.archives.read(self.path)

    @property
    def size(self) -> int:
        """Bytes, as they are packed."""
        return self.archives.places[self.path].size


Folder = Path | Inside


def is_archive(path: Path) -> bool:
    """Whether a file is an archive by its name."""
    return path.suffix.lower() in (".zip", ".tar") and path.is_file()


def open_archive(path: Path) -> Inside:
    """The files of one archive. Where they all lie in one folder of folders, as many tools pack them, that folder."""
    whole = Inside(Archives((path,), dict(_places(path, 0))))
    inside = list(whole.iterdir())
    only = inside[0] if len(inside) == 1 and inside[0].is_dir() else None
    return only if only is not None and all(part.is_dir() for part in only.iterdir()) else whole


def open_archives(paths: Mapping[str, Path]) -> Archives:
    """The files of several archives, each below the name that is given for it."""
    found = {
        f"{name}/{file}": place
        for number, (name, path) in enumerate(paths.items())
        for file, place in _places(path, number)
    }
    return Archives(tuple(paths.values()), found)


def _places(path: Path, number: int) -> Iterator[tuple[str, PackedFile]]:
    """The files of an archive in their order, with their places."""
    found = _in_zip(path, number) if path.suffix.lower() == ".zip" else _in_tar(path, number)
    return ((name.removeprefix("./").lstrip("/"), place) for name, place in found)


def _in_zip(path: Path, number: int) -> Iterator[tuple[str, PackedFile]]:
    try:
        with zipfile.ZipFile(path) as archive:
            for file in archive.infolist():
                if file.flag_bits & 1:
                    raise BrokenData("its files are encrypted", str(path))
                if not file.is_dir():
                    yield file.filename, PackedFile(number, file.header_offset, file.compress_size, file.compress_type)
    except (OSError, zipfile.BadZipFile) as error:
        raise BrokenData(f"this is no zip archive that can be read: {error}", str(path)) from error


def _in_tar(path: Path, number: int) -> Iterator[tuple[str, PackedFile]]:
    try:
        with tarfile.open(path, "r:") as archive:
            for file in archive:
                if file.isreg() and not file.issparse():
                    yield file.name, PackedFile(number, file.offset_data, file.size)
    except (OSError, tarfile.TarError) as error:
        help = "\na compressed one has no places to begin at: unpack it (`gunzip`), images are compressed themselves"
        raise BrokenData(f"this is no tar archive that can be read: {error}{help}", str(path)) from error


def _content(opened: BinaryIO, place: PackedFile) -> bytes:
    """The bytes at a place, unpacked."""
    start = place.start
    if place.method != PLAIN:
        opened.seek(start)
        mark, name, further = _HEADER.unpack(opened.read(_HEADER.size))
        if mark != b"PK\x03\x04":
            raise ValueError("the archive has changed")
        start += _HEADER.size + name + further
    opened.seek(start)
    content = opened.read(place.size)
    if len(content) != place.size:
        raise ValueError("the archive ends before it")
    if place.method == zipfile.ZIP_DEFLATED:
        return zlib.decompress(content, -zlib.MAX_WBITS)
    if place.method not in (PLAIN, zipfile.ZIP_STORED):
        raise ValueError(f"it is packed by method {place.method}, and read are files packed by none or `deflate`")
    return content
