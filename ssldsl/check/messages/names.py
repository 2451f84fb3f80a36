"""N2xx: names that nothing has, that two things have, or that nothing uses (L602)."""

from collections.abc import Collection, Sequence

from ssldsl.errors import Diagnostic, Note, did_you_mean
from ssldsl.ops import renamed
from ssldsl.source import Span


def no_term_anywhere(term: str, place: Span, terms: Collection[str]) -> Diagnostic:
    """An edit of a term that no stage has."""
    help = did_you_mean(term, terms) or f"terms are: {', '.join(terms)}"
    return Diagnostic("N210", f"no loss has a term `{term}`", place, help=help)


def unused_name(name: str, kind: str, place: Span) -> Diagnostic:
    """A declaration without effect."""
    message, label = f"`{name}` is never used", f"this {kind} has no effect"
    return Diagnostic("L602", message, place, label, severity="warning")


def no_argument(callee: str, name: str, takes: Sequence[str], place: Span) -> Diagnostic:
    """An argument with a name that the callee does not know, or knew once."""
    listed = f"it takes: {', '.join(takes)}" if takes else "it takes no arguments"
    help = renamed.new_argument(callee, name) or did_you_mean(name, takes) or listed
    return Diagnostic("N203", f"`{callee}` has no argument `{name}`", place, help=help)


def no_setting(name: str, settings: Collection[str], meant: str, place: Span) -> Diagnostic:
    """A setting that is not there. `meant`: what other tools call so."""
    listed = f"to name a value, write `let {name} = ...`; settings are: {', '.join(settings)}"
    help = meant or did_you_mean(name, settings) or listed
    return Diagnostic("N206", f"there is no setting `{name}`", place, help=help)


def set_twice(name: str, place: Span, first: Span) -> Diagnostic:
    """A setting that is written again."""
    return Diagnostic("N202", f"`{name}` is set twice", place, "set again here", (Note(first, "first set here"),))
