"""T3xx: kinds, shapes and sizes, and the values that a setting or an argument takes."""

from collections.abc import Sequence

from ssldsl.errors import Diagnostic, Note
from ssldsl.source import Span


def empty_sweep(place: Span) -> Diagnostic:
    """A sweep without values."""
    return Diagnostic("T303", "a sweep has at least one value", place, "there is none")


# --- arguments --------------------------------------------------------------------------------------------------


def missing_argument(callee: str, name: str, takes: Sequence[str], call: Span, declared: Span | None) -> Diagnostic:
    """A parameter without argument and without default."""
    notes = (Note(declared, "declared here"),) if declared is not None else ()
    help = f"it takes: {', '.join(takes)}" if len(takes) > 1 else ""
    return Diagnostic("T301", f"`{callee}` needs `{name}`", call, f"`{name}` is missing", notes, help=help)


def too_many_arguments(callee: str, takes: Sequence[str], place: Span) -> Diagnostic:
    """An argument without a name, where all parameters have theirs."""
    message = f"`{callee}` takes at most {len(takes)} argument{'s' if len(takes) != 1 else ''}"
    return Diagnostic("T305", message, place, "one too many", help=_takes(takes))


def given_twice(callee: str, name: str, place: Span) -> Diagnostic:
    """A second argument for one parameter."""
    return Diagnostic("T306", f"`{name}` of `{callee}` is given twice", place, "the second time")


def _takes(takes: Sequence[str]) -> str:
    return f"it takes: {', '.join(takes)}" if takes else "it takes no arguments"
