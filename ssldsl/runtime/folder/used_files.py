"""The files that a run was made of, copied into its folder, and what differs when it is to be continued."""

from collections.abc import Iterator
from pathlib import Path

from ssldsl.check import Checked
from ssldsl.comparing.canonical import identity
from ssldsl.comparing.diff import diff_checked
from ssldsl.errors import SpecError
from ssldsl.runtime.folder.run_folder import USED
from ssldsl.source import Source
from ssldsl.syntax import tree
from ssldsl.syntax.parser import parse

_ANEW = "the library has changed since: its definitions or defaults give the same text another meaning"


def used_files(source: Source) -> dict[str, str]:
    """The files that a spec uses, through others too: place in a run folder -> content."""
    folder = Path(source.name).parent
    return {f"{USED}/{path.relative_to(folder).as_posix()}": text for path, text in _used(source, set())}


def _used(source: Source, seen: set[Path]) -> Iterator[tuple[Path, str]]:
    for statement in parse(source).file.statements:
        if not isinstance(statement, tree.Use) or not isinstance(statement.target, tree.String):
            continue
        path = Path(source.name).parent / statement.target.value
        if path in seen:
            continue
        seen.add(path)
        text = path.read_text(encoding="utf-8")
        yield path, text
        if path.suffix == ".ssl":
            yield from _used(Source(str(path), text), seen)


def differences(before: Checked, now: Checked, identity_before: str) -> list[str]:
    """What differs in meaning from the experiment that a run began with, a line each.

    before: that experiment, read again from the run folder; identity_before: its identity when it began.
    """
    try:
        program = before.unwrap()
    except SpecError:
        return [_ANEW]
    entries = diff_checked(before, now).of("semantic")
    lines = [f"semantic: {e.path}  {e.before or 'nothing'} -> {e.after or 'nothing'}" for e in entries]
    return lines if identity(program) == identity_before else [_ANEW, *lines]
