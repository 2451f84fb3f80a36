"""From the places of a plan back to spans, so that a failure while training underlines the spec."""

from functools import lru_cache

from ssldsl.graph.plan import Place
from ssldsl.source import Source, Span


@lru_cache(maxsize=1024)
def _source(file: str, line: int, text: str) -> Source:
    """A source that has the one line that a plan keeps, at its number."""
    return Source(file, "\n" * (line - 1) + text)


def span_of(place: Place | None) -> Span | None:
    """The span of a place, or nothing where there is none."""
    if place is None:
        return None
    source = _source(place.file, place.line, place.text)
    start = source.line_starts[-1]
    return Span(source, start + place.column - 1, start + place.end - 1)
