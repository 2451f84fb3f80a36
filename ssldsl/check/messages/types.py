"""T3xx: kinds, shapes and sizes, and the values that a setting or an argument takes."""

from ssldsl.errors import Diagnostic
from ssldsl.source import Span


def empty_sweep(place: Span) -> Diagnostic:
    """A sweep without values."""
    return Diagnostic("T303", "a sweep has at least one value", place, "there is none")
