"""Collects diagnostics: one cause, one error, always at a place in a file the user wrote."""

from collections.abc import Iterator
from contextlib import contextmanager

from attrs import define, evolve, field

from ssldsl.errors import Diagnostic, Note
from ssldsl.source import Source, Span


@define
class Reporter:
    """`own`: sources a user can edit. An error inside a shipped definition is shown at the call that led there."""

    own: set[Source] = field(factory=set)
    diagnostics: list[Diagnostic] = field(factory=list)
    _calls: list[Span] = field(factory=list)
    _seen: set[tuple[str, str, int, int]] = field(factory=set)

    @contextmanager
    def inside(self, call: Span) -> Iterator[None]:
        """Everything reported in this context happened because of this call."""
        self._calls.append(call)
        try:
            yield
        finally:
            self._calls.pop()

    @property
    def calls(self) -> tuple[Span, ...]:
        """The calls that led here, innermost first."""
        return tuple(reversed(self._calls))

    def report(self, diagnostic: Diagnostic) -> bool:
        """Keep a diagnostic; the same code at the same place is one cause, and so is all in one call of the library.

        Gives whether this cause was new.
        """
        inner = diagnostic.span
        diagnostic = self._anchored(diagnostic)
        span = diagnostic.span
        cause = diagnostic.code if span is inner or diagnostic.severity == "warning" else "inside"
        key = (cause, *((span.source.name, span.start, span.end) if span else (diagnostic.message, 0, 0)))
        if key in self._seen:
            return False
        self._seen.add(key)
        self.diagnostics.append(diagnostic)
        return True

    @property
    def failed(self) -> bool:
        return any(d.severity == "error" for d in self.diagnostics)

    def _anchored(self, diagnostic: Diagnostic) -> Diagnostic:
        span = diagnostic.span
        if span is None or span.source in self.own:
            return diagnostic
        call = next((c for c in self.calls if c.source in self.own), None)
        if call is None:
            return diagnostic
        inner = Note(span, "it arises inside a definition of the library")
        return evolve(diagnostic, span=call, notes=(*diagnostic.notes, inner))
