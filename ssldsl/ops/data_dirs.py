"""Where data sets are looked for, and what is said when one is missing or broken."""

import os
from collections.abc import Sequence
from pathlib import Path


class MissingData(Exception):
    """A data set is not on this machine. `places`: where it was looked for; `how`: what a person can do."""

    def __init__(self, name: str, places: Sequence[Path | str] = (), how: str = "") -> None:
        self.name, self.places, self.how = name, tuple(str(place) for place in places), how
        looked = "".join(f"\n  {place}" for place in self.places)
        super().__init__(f"`{name}` was not found. Looked for:{looked}\n{how}" if places else name)


class BrokenData(Exception):
    """A file of a data set cannot be used. The reason comes first, so that a worker process can hand on the message."""

    def __init__(self, reason: str, file: str = "") -> None:
        self.reason, self.file = reason, file
        super().__init__(f"{file}: {reason}" if file else reason)


def data_roots(root: str = "") -> tuple[Path, ...]:
    """The folders that may hold data sets, in the order they are looked at. One that is asked for is the only one."""
    if root:
        return (Path(root).expanduser(),)
    given = os.environ.get("SSLDSL_DATA", "")
    cache = Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser() / "ssldsl" / "data"
    return (*([Path(given).expanduser()] if given else []), Path("data").absolute(), cache)


def find(name: str, paths: Sequence[str], root: str, how: str) -> Path:
    """The first of the paths that exists below a data root. `MissingData` if none does."""
    where = "Or name the folder that holds it: `root` in the spec, or the environment variable SSLDSL_DATA."
    return _first(name, [folder / path for folder in data_roots(root) for path in paths], f"{how}\n{where}")


def find_given(name: str, path: str, root: str) -> Path:
    """A path of the user: as it stands, or below a data root. `MissingData` if it is nowhere."""
    given = Path(path).expanduser()
    places = [given] if given.is_absolute() else [given.absolute(), *(folder / given for folder in data_roots(root))]
    return _first(
        name,
        places,
        "Put it beside the spec, name it by its whole path, or set SSLDSL_DATA to the folder that holds it.",
    )


def _first(name: str, places: Sequence[Path], how: str) -> Path:
    for place in places:
        if place.exists():
            return place
    raise MissingData(name, places, how)
