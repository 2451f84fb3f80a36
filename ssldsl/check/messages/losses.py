"""T313 and T315: what a loss is made of, and what can be named as a term of it."""

from ssldsl.errors import Diagnostic
from ssldsl.source import Span


def names_several_terms(name: str, count: int, place: Span) -> Diagnostic:
    """`as` behind a sum."""
    message = f"`as {name}` names one term, and this sum has {count}"
    return Diagnostic("T313", message, place, help="name the terms one by one, inside the sum")


def names_no_term(found: str, place: Span, is_operand: bool) -> Diagnostic:
    """`as` behind something that is no loss. `is_operand`: of a comparison perhaps, whose last side it then names."""
    help = "a comparison stands in parentheses before `as`: `(confidence(p) >= 0.95) as kept`" if is_operand else ""
    return Diagnostic("T313", f"`as` names a term of a loss, found {found}", place, help=help)


def names_a_list(length: int, place: Span) -> Diagnostic:
    """`as` behind a loss for every item of a list. `place`: the list."""
    help = f"reduce it: `mean({place.excerpt})`"
    return Diagnostic("T313", f"`as` names one term, and this is a list of {length} losses", place, help=help)


def no_single_number(found: str, place: Span) -> Diagnostic:
    """A tensor that is to be a term."""
    help = "a term comes out of a loss, for example `entropy(...)`"
    return Diagnostic("T315", f"a loss term is a single number, found {found}", place, help=help)


def list_as_loss(length: int, place: Span) -> Diagnostic:
    """A loss for every item of a list."""
    message, label = f"the loss is a list of {length} numbers", "one for every item of a join or a draw"
    help = f"reduce it: `mean({place.text})` gives every item the same say"
    return Diagnostic("T315", message, place, label, help=help)


def no_loss(found: str, place: Span, help: str) -> Diagnostic:
    """A loss that is something else."""
    return Diagnostic("T315", f"a loss is a sum of terms, found {found}", place, help=help)
