"""The parse tables: shipped with the wheel, else from the user's cache, else made from the grammar.

They are JSON, not a pickle: whoever could plant a file where they are looked for could make a parse go wrong, but never
run code. The same file serves every version of Python, so its key is the digest of the grammar and of the format.
"""

import contextlib
import json
import os
import re
from functools import cache
from pathlib import Path
from typing import Any

from attrs import field, frozen

from ssldsl import resources
from ssldsl.syntax.generate import digest, encode, generate


@frozen
class Rule:
    """`origin` takes `length` symbols off the stack; `keep` says which of them the builder gets.

    builder: the name of the builder, empty if the child stands for the whole, `[]` for a list that its parent takes in.
    keep: indices; -1 is a part that was left out, `[i]` a list whose items are meant.
    """

    origin: str
    length: int
    builder: str
    keep: tuple[int | list[int], ...]
    index: int  # of the child that stands for the whole


@frozen
class Tables:
    """What the lexer and the parser run on."""

    pattern: re.Pattern[str] = field(repr=False)
    keywords: dict[str, str]  # word -> token
    ignored: frozenset[str]
    rules: tuple[Rule, ...] = field(repr=False)
    states: tuple[dict[str, int], ...] = field(repr=False)
    starts: dict[str, int]
    ends: dict[str, int]


@cache
def tables() -> Tables:
    """The tables of the shipped grammar."""
    grammar = resources.grammar().read_text(encoding="utf-8")
    key = digest(grammar)
    cached = cache_folder() / f"tables-{key[:32]}.json"
    data = read_tables(resources.tables(), key) or (read_tables(cached, key) if is_private(cached.parent) else None)
    if data is None:
        data = generate(grammar)
        write_tables(cached, data)
    return make_tables(data)


def make_tables(data: dict[str, Any]) -> Tables:
    """The tables in the form in which they are used."""
    name = next(re.compile(regexp) for kind, regexp, _ in data["terminals"] if kind == "NAME")
    words = [(kind, regexp) for kind, regexp, literal in data["terminals"] if literal and name.fullmatch(regexp)]
    keywords = {regexp: kind for kind, regexp in words}
    groups = [f"(?P<{kind}>{regexp})" for kind, regexp, _ in data["terminals"] if regexp not in keywords]
    return Tables(
        pattern=re.compile("|".join(groups)),
        keywords=keywords,
        ignored=frozenset(data["ignored"]),
        rules=tuple(_rule(*rule) for rule in data["rules"]),
        states=tuple(data["states"]),
        starts=data["starts"],
        ends=data["ends"],
    )


def _rule(origin: str, length: int, builder: str, keep: list[int | list[int]]) -> Rule:
    only = keep[0] if len(keep) == 1 else -1
    return Rule(origin, length, builder, tuple(keep), only if isinstance(only, int) else only[0])


def cache_folder() -> Path:
    """Where tables made from a grammar are kept between runs."""
    base = os.environ.get("LOCALAPPDATA") if os.name == "nt" else os.environ.get("XDG_CACHE_HOME")
    if not base or not Path(base).is_absolute():
        base = os.path.expanduser("~/.cache")
    return Path(base) / "ssldsl"


def is_private(folder: Path) -> bool:
    """Whether nobody but the user can write into a folder."""
    try:
        status = folder.stat()
    except OSError:
        return False
    return os.name == "nt" or (status.st_uid == os.getuid() and not status.st_mode & 0o022)


def read_tables(path: Path, key: str) -> dict[str, Any] | None:
    """The tables in a file, if it is there, whole, and made from the grammar of this key."""
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return data if isinstance(data, dict) and data.get("key") == key else None


def write_tables(path: Path, data: dict[str, Any]) -> None:
    """Write the tables so that a reader sees the old file or the new one. Where nothing can be written, do nothing."""
    import tempfile  # most of the time they are there

    with contextlib.suppress(OSError):
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not is_private(path.parent):
            return
        handle, temporary = tempfile.mkstemp(dir=path.parent, suffix=".tmp")
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as stream:
                stream.write(encode(data))
            os.replace(temporary, path)
        except OSError:
            os.unlink(temporary)
