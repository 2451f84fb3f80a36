"""The ops a spec may use: of the standard library, of installed libraries, of files of the user. None is imported.

Names are known by listing folders; a file is read when its op is first asked for, or taken from the cache.
"""

import re
from collections.abc import Collection, Iterator, Mapping
from functools import cached_property
from pathlib import Path

from attrs import field, frozen

from ssldsl.errors import Diagnostic, SpecError
from ssldsl.ops import cache
from ssldsl.ops.reading import ROLES, read_signature, read_signatures
from ssldsl.ops.signature import Role, Signature
from ssldsl.resources import stdlib
from ssldsl.source import Source, Span

GROUP = "ssldsl.libraries"
_DEF = re.compile(r"^def[ \t]+([A-Za-z_]\w*)", re.MULTILINE)


@frozen(slots=False)
class Folder:
    """A library on disk: `<role>/<op>.py` and `methods/*.ssl`. `module`: the package that it is."""

    path: Path
    module: str
    _read: dict[str, Signature] = field(factory=dict, eq=False, repr=False)

    @cached_property
    def files(self) -> dict[str, tuple[Role, Path]]:
        """Role and file of every op, by name."""
        return {
            file.stem: (role, file)
            for role in ROLES
            for file in sorted((self.path / role).glob("*.py"))
            if not file.stem.startswith("_")
        }

    @cached_property
    def methods(self) -> dict[str, Path]:
        """The `.ssl` file of every definition, by name."""
        return {
            name: file
            for file in sorted((self.path / "methods").glob("*.ssl"))
            for name in _DEF.findall(file.read_text(encoding="utf-8"))
        }

    def get(self, name: str) -> Signature | None:
        """The signature of an op; `SpecError` if its file is wrong."""
        if name not in self.files:
            return None
        if name not in self._read:
            role, file = self.files[name]
            text, module = read_text(file), f"{self.module}.{role}.{name}"
            known = cache.load(str(file), text)
            if known is None or (known.role, known.module) != (role, module):
                known = read_signature(str(file), text, role, module=module)
                cache.store(known)
            self._read[name] = known
        return self._read[name]


@frozen(slots=False)
class Library:
    """Ops and definitions by name. `files`: signatures of the user's own files, which stand beside the shipped ones.

    installed: libraries that other packages bring, looked up only where the standard library does not have a name.
    """

    folders: tuple[Folder, ...]
    files: Mapping[str, Signature] = field(factory=dict)
    with_installed: bool = False

    @staticmethod
    def shipped(*, installed: bool = True) -> "Library":
        """The standard library, and the libraries of other installed packages."""
        return Library((Folder(stdlib(), "ssldsl.stdlib"),), with_installed=installed)

    @cached_property
    def installed(self) -> tuple[Folder, ...]:
        return tuple(_installed()) if self.with_installed else ()

    def get(self, name: str) -> Signature | None:
        """The op of this name, or nothing; `SpecError` if its file is wrong."""
        if name in self.files:
            return self.files[name]
        folder = self._folder_of(name)
        return folder.get(name) if folder else None

    def _folder_of(self, name: str) -> Folder | None:
        shipped = next((f for f in self.folders if name in f.files), None)
        return shipped or next((f for f in self.installed if name in f.files), None)

    def names(self) -> tuple[str, ...]:
        """The names of all ops, in order."""
        return tuple(sorted({*self.files, *(n for f in (*self.folders, *self.installed) for n in f.files)}))

    def role(self, role: Role) -> tuple[str, ...]:
        """The names of the ops of one role, in order."""
        own = {s.name for s in self.files.values() if s.role == role}
        found = {n for f in (*self.folders, *self.installed) for n, (r, _) in f.files.items() if r == role}
        return tuple(sorted(own | found))

    def methods(self) -> Mapping[str, Path]:
        """The `.ssl` file of every definition, by name."""
        return _Methods(self)

    def with_file(self, path: Path | str, reserved: Collection[str] = ()) -> "Library":
        """This library and the ops of a user's own file. `SpecError` if it is wrong, or a name is taken.

        reserved: names that no op may have, because the language uses them itself.
        """
        path = Path(path).absolute()
        text = read_text(path)
        found = read_signatures(str(path), text)
        taken = [_taken(s, text, f"`{s.name}` is a name that ssldsl uses itself") for s in found if s.name in reserved]
        taken += [_taken(s, text, f"the library already has `{s.name}`") for s in found if self._taken(s)]
        if taken:
            raise SpecError(taken)
        return Library(self.folders, {**self.files, **{s.name: s for s in found}}, self.with_installed)

    def _taken(self, signature: Signature) -> bool:
        known = self.files.get(signature.name)
        if known is not None:
            return known.path != signature.path
        return self._folder_of(signature.name) is not None or signature.name in self.methods()


class _Methods(Mapping[str, Path]):
    """Definitions by name. Asks for installed libraries only once the standard library does not know a name."""

    def __init__(self, library: Library) -> None:
        self._library = library

    def __getitem__(self, name: str) -> Path:
        library = self._library
        for folder in library.folders:
            if name in folder.methods:
                return folder.methods[name]
        if name not in library.files and not any(name in f.files for f in library.folders):
            for folder in library.installed:
                if name in folder.methods:
                    return folder.methods[name]
        raise KeyError(name)

    def __iter__(self) -> Iterator[str]:
        yield from dict.fromkeys(n for f in (*self._library.folders, *self._library.installed) for n in f.methods)

    def __len__(self) -> int:
        return len(list(iter(self)))


def _taken(signature: Signature, text: str, message: str) -> Diagnostic:
    source = Source(signature.path, text)
    start = source.line_starts[signature.line - 1]
    return Diagnostic(
        "R204",
        message,
        Span(source, start, start + len(source.line(signature.line))),
        help="names are unique: give your op another one",
    )


def read_text(path: Path) -> str:
    """The text of an op file; `SpecError` if it cannot be read."""
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        message = f"`{path}` cannot be read: {error.strerror or error}"
        raise SpecError(
            Diagnostic("R201", message, help="is the path right? it starts at the spec's folder")
        ) from error
    except UnicodeDecodeError as error:
        raise SpecError(Diagnostic("R201", f"`{path}` is not UTF-8 text")) from error


def _installed() -> Iterator[Folder]:
    """Libraries that packages announce as entry points, `name = "package.folder"`. No package is imported."""
    import importlib.metadata  # slow, and wanted only where a name is unknown
    import importlib.util

    for point in sorted(importlib.metadata.entry_points(group=GROUP), key=lambda p: p.name):
        top, *rest = point.value.split(":")[0].strip().split(".")
        try:
            spec = importlib.util.find_spec(top)
        except (ImportError, ValueError):
            spec = None
        for location in (spec.submodule_search_locations or ()) if spec else ():
            path = Path(location).joinpath(*rest)
            if path.is_dir():
                yield Folder(path, ".".join([top, *rest]))
                break
