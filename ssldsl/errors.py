"""Diagnostics: what is wrong, where, what was expected, and a way out. Every message a person sees is made here.

Codes: `S` syntax, `N` names, `T` types, shapes and settings, `D` dataflow (labels, gradients, draws, time, stages),
`R` resources and the run, `L` lints (warnings). The page behind a code is `ssldsl/explanations/<code>.md`.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from functools import lru_cache
from typing import Literal

from attrs import field, frozen

from ssldsl.source import Span

Severity = Literal["error", "warning"]


@frozen
class Note:
    """A second place that matters, with what it has to do with the first."""

    span: Span
    text: str


def _notes(notes: Iterable[Note]) -> tuple[Note, ...]:
    return tuple(notes)


def _texts(texts: Iterable[str]) -> tuple[str, ...]:
    return tuple(texts)


@frozen
class Diagnostic:
    """One thing that is wrong. `message` is a whole sentence without its full stop; `label` stands under the caret."""

    code: str
    message: str
    span: Span | None = None
    label: str = ""
    notes: tuple[Note, ...] = field(default=(), converter=_notes)
    hints: tuple[str, ...] = field(default=(), converter=_texts)  # "note: ..." lines
    help: str = ""
    severity: Severity = "error"

    @property
    def sort_key(self) -> tuple[str, int, str]:
        return (self.span.source.name, self.span.start, self.code) if self.span else ("", -1, self.code)


class SpecError(Exception):
    """A person's mistake, or several: the diagnostics say what they are."""

    def __init__(self, diagnostics: Diagnostic | Iterable[Diagnostic]) -> None:
        found = [diagnostics] if isinstance(diagnostics, Diagnostic) else list(diagnostics)
        self.diagnostics: list[Diagnostic] = sorted(found, key=lambda d: d.sort_key)
        super().__init__(render_all(self.diagnostics))

    def _render_traceback_(self) -> list[str]:
        """What a notebook shows: the message, without the way through our code."""
        return str(self).splitlines()


class OwnError(SpecError):
    """What one of several processes alone has met."""


class LostProcess(SpecError):
    """Another of several processes has ended."""


class InternalError(Exception):
    """Our own mistake: a broken invariant, with the stage and the node that broke it."""


MOST = 100  # diagnostics that are shown with their places; nobody reads more at once


def render_all(diagnostics: Sequence[Diagnostic]) -> str:
    """The diagnostics one below the other; of very many the first, and how many more there are of each code."""
    texts = [render(diagnostic) for diagnostic in diagnostics[:MOST]]
    more = Counter(f"{d.severity}[{d.code}]" for d in diagnostics[MOST:])
    texts += [f"... and {count:,} more of {code}" for code, count in more.most_common()]
    return "\n\n".join(texts)


def render(diagnostic: Diagnostic) -> str:
    """The diagnostic as plain text: code, place, underlined line, notes and help."""
    head = f"{diagnostic.severity}[{diagnostic.code}]: {diagnostic.message}"
    lines = [head]
    places: list[Note] = []
    if diagnostic.span is not None:
        places.append(Note(diagnostic.span, diagnostic.label))
        lines.append(f"  --> {diagnostic.span.place}")
    same_file = [n for n in diagnostic.notes if diagnostic.span and n.span.source == diagnostic.span.source]
    other_file = [n for n in diagnostic.notes if n not in same_file]
    width = max([len(str(p.span.line)) for p in places + same_file], default=1)
    if places:
        lines.append(" " * width + " |")
        lines += _window(places, same_file, width)
    lines += [f"{' ' * width} = {hint}" for hint in _prefixed("note", diagnostic.hints)]
    lines += [f"{' ' * width} = note: {n.text} ({n.span.place})" for n in other_file]
    if diagnostic.help:
        lines.append(f"{' ' * width} = help: {diagnostic.help}")
    return "\n".join(lines)


def _prefixed(word: str, texts: Sequence[str]) -> list[str]:
    return [f"{word}: {text}" for text in texts]


def _window(primary: list[Note], secondary: list[Note], width: int) -> list[str]:
    """The source lines with carets under the primary span and dashes under the secondary ones."""
    rows = sorted([(n, "^") for n in primary] + [(n, "-") for n in secondary], key=lambda row: row[0].span.start)
    lines: list[str] = []
    last, shown = 0, (0, 0)
    for note, mark in rows:
        number, column = note.span.source.position(note.span.start)
        text = note.span.source.line(number).expandtabs(1)
        at = column - 1
        length = max(1, min(note.span.end - note.span.start, len(text) - at))
        if last and number > last + 1:
            lines.append("...")
        if number != last or not shown[0] <= at < shown[1]:
            shown = _excerpt(len(text), at)
            lines.append(f"{number:>{width}} | {_cut(text, *shown)}")
        at += -shown[0] + len(CUT) * (shown[0] > 0)
        length = min(length, shown[1] - (column - 1))
        lines.append(f"{' ' * width} | {' ' * at}{mark * length}{' ' + note.text if note.text else ''}")
        last = number
    return lines


LONGEST = 160  # columns of a source line that are shown whole; of a longer one, those around the place
CUT = "... "


def _excerpt(size: int, at: int) -> tuple[int, int]:
    """Which columns of a line of `size` are shown for a place: all, or those around its beginning."""
    if size <= LONGEST:
        return 0, size
    start = max(0, min(at - LONGEST // 4, size - LONGEST))
    return start, min(size, start + LONGEST)


def _cut(text: str, start: int, end: int) -> str:
    return (CUT if start else "") + text[start:end] + (" ..." if end < len(text) else "")


def as_json(diagnostic: Diagnostic) -> dict[str, object]:
    """The diagnostic as plain data, for editors and other tools."""

    def place(span: Span | None) -> dict[str, object] | None:
        if span is None:
            return None
        line, column = span.source.position(span.start)
        end_line, end_column = span.source.position(span.end)
        return {
            "file": span.source.name,
            "line": line,
            "column": column,
            "end_line": end_line,
            "end_column": end_column,
        }

    return {
        "code": diagnostic.code,
        "severity": diagnostic.severity,
        "message": diagnostic.message,
        "label": diagnostic.label,
        "span": place(diagnostic.span),
        "related": [{"span": place(n.span), "message": n.text} for n in diagnostic.notes],
        "notes": list(diagnostic.hints),
        "help": diagnostic.help,
    }


def listed(names: Collection[str], word: str = "and") -> str:
    """Names in a sentence: `a`, `b` and `c`."""
    *most, last = (f"`{name}`" for name in names)
    return f"{', '.join(most)} {word} {last}" if most else last


LIKE = 0.67  # names less alike than this are not suggested


def nearest(name: str, candidates: Iterable[str]) -> str | None:
    """The candidate a person most likely meant by `name`, or none if nothing is near enough."""
    best = max(sorted(set(candidates)), key=lambda candidate: _likeness(name, candidate), default=None)
    return best if best is not None and _likeness(name, best) >= LIKE else None


@lru_cache(maxsize=4096)
def _likeness(name: str, candidate: str) -> float:
    """How much alike two names are, from 0 to 1; remembered, since one mistake may be met many times."""
    from difflib import SequenceMatcher  # for who made a mistake

    if _initials(candidate) == name.lower() or _initials(name) == candidate.lower():
        return 0.9  # `lr` and `learning_rate`, `wd` and `weight_decay`
    ratio = SequenceMatcher(None, name.lower(), candidate.lower()).ratio()
    is_abbreviated = len(name) > 2 and candidate.lower().startswith(name.lower())  # `eps` and `epsilon`
    is_turned = len(name) > 2 and sorted(name.lower()) == sorted(candidate.lower())  # `dgo` and `dog`
    return max(0.8, ratio) if is_abbreviated or is_turned else ratio


def _initials(name: str) -> str:
    """`lr` of `learning_rate`; nothing of a single word."""
    words = [word for word in name.lower().split("_") if word]
    return "".join(word[0] for word in words) if len(words) > 1 else ""


def did_you_mean(name: str, candidates: Iterable[str]) -> str:
    """`did you mean ...?`, or nothing."""
    best = nearest(name, candidates)
    return f"did you mean `{best}`?" if best else ""
