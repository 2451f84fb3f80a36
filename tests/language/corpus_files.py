"""The error corpus: wrong specs, each with what must be said of it.

A file `corpus/<CODE>-<name>.ssl` marks the line that is wrong by a comment on the line above it, `# D401 below`, or,
where the fault is elsewhere, `# N210 in --drop` or `# R201 in files/broken.py`. `# edits: --drop vat` gives arguments
of the command line. Beside it, `<CODE>-<name>.txt` is all that `ssldsl check` prints.
"""

import os
import re
import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ssldsl.check import check, check_everything
from ssldsl.errors import Diagnostic, SpecError, render
from ssldsl.source import Source
from ssldsl.syntax.parser import parse_edit

FOLDER = Path(__file__).parent / "corpus"
FILES = sorted(FOLDER.glob("*.ssl"))
_BELOW = re.compile(r"^\s*# ([A-Z]\d{3}) below$")
_ELSEWHERE = re.compile(r"^\s*# ([A-Z]\d{3}) in (\S+)$")
_EDITS = re.compile(r"^# edits: (.*)$", re.MULTILINE)


@contextmanager
def inside(folder: Path) -> Iterator[None]:
    """With a folder as the working directory, so that messages name files as a person would."""
    before = Path.cwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)


def marked(text: str) -> list[tuple[str, str]]:
    """What the comments promise: codes, each with the line or the place that is wrong."""
    found = []
    for number, line in enumerate(text.splitlines(), start=1):
        if below := _BELOW.match(line):
            found.append((below[1], str(number + 1)))
        if elsewhere := _ELSEWHERE.match(line):
            found.append((elsewhere[1], elsewhere[2]))
    return found


def diagnose(name: str, text: str) -> list[Diagnostic]:
    """What `ssldsl check` says of a spec with the edits of its header."""
    edits = _EDITS.search(text)
    source = Source(name, text)
    if edits is None:
        return list(check_everything(source).diagnostics)
    words = shlex.split(edits[1])
    given = list(zip(words[::2], words[1::2], strict=True))
    try:
        changes = [parse_edit(v, "set" if o == "--set" else "drop") for o, v in given if o in ("--set", "--drop")]
    except SpecError as error:
        return error.diagnostics
    variants = [value for option, value in given if option == "--variant"]
    return list(check(source, variants=variants, changes=changes).diagnostics)


def places(name: str, diagnostics: list[Diagnostic]) -> list[tuple[str, str]]:
    """Code and place of every diagnostic, as `marked` gives them."""
    return [
        (d.code, str(d.span.line) if d.span.source.name == name else d.span.source.name)
        for d in diagnostics
        if d.span is not None
    ]


def rendered(diagnostics: list[Diagnostic]) -> str:
    """The whole text of a message, or of several."""
    return "\n\n".join(render(d) for d in diagnostics) + "\n"
