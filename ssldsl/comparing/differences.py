"""Differences by meaning, and how they are shown: cosmetic, execution or semantic.

Cosmetic: format, names, the order of terms. Execution: how the same thing is computed, such as precision.
Semantic: everything that can change what is learned or reported.
"""

from collections.abc import Mapping
from typing import Any, Literal

from attrs import field, frozen

from ssldsl.source import Span

Kind = Literal["cosmetic", "execution", "semantic"]
KINDS: tuple[Kind, ...] = ("semantic", "execution", "cosmetic")
EXIT_CODES: Mapping[str, int] = {"semantic": 4, "execution": 3, "cosmetic": 0}


@frozen
class Entry:
    """One difference. An empty `before` or `after`: there is nothing there on that side."""

    kind: Kind
    path: str
    before: str
    after: str
    first: Span | None = field(default=None, eq=False, repr=False)
    second: Span | None = field(default=None, eq=False, repr=False)

    def as_json(self) -> dict[str, Any]:
        return {
            "class": self.kind, "path": self.path, "before": self.before or None, "after": self.after or None,
            "places": [s.place if s else None for s in (self.first, self.second)],
        }  # fmt: skip


@frozen
class Diff:
    """All differences, the weightiest first."""

    entries: tuple[Entry, ...]

    @property
    def kind(self) -> Kind | None:
        """The weightiest class that occurs, or none."""
        return next((k for k in KINDS if any(e.kind == k for e in self.entries)), None)

    @property
    def exit_code(self) -> int:
        """0: nothing, or cosmetic; 3: execution; 4: semantic."""
        return EXIT_CODES.get(self.kind or "", 0)

    def of(self, kind: Kind) -> tuple[Entry, ...]:
        return tuple(e for e in self.entries if e.kind == kind)

    def as_json(self) -> dict[str, Any]:
        return {"class": self.kind, "exit_code": self.exit_code, "entries": [e.as_json() for e in self.entries]}

    def as_text(self) -> str:
        """The differences under their classes, one a line: `~` changed, `+` added, `-` removed."""
        if not self.entries:
            return "no difference\n"
        width = max(len(e.path) for e in self.entries)
        lines: list[str] = []
        for kind in KINDS:
            entries = self.of(kind)
            lines += (
                ([""] if lines and entries else []) + ([kind] if entries else []) + [_line(e, width) for e in entries]
            )
        return "\n".join(lines) + "\n"


def _line(entry: Entry, width: int) -> str:
    sign = "~" if entry.before and entry.after else "+" if entry.after else "-"
    change = f"{entry.before} -> {entry.after}" if sign == "~" else entry.after or entry.before
    places = dict.fromkeys(s.place for s in (entry.first, entry.second) if s)
    where = f"   ({', '.join(places)})" if places else ""
    return f"  {sign} {entry.path:<{width}}  {change}{where}"
