"""What edits do to the terms of a loss, kept until the terms are known."""

from attrs import define, field

from ssldsl.source import Span
from ssldsl.syntax import tree


@define
class LossEdits:
    """What is done to terms of a loss: (stage or empty for any, term, ...).

    met: the edits that found their term. gone: where the dropped terms are written.
    """

    drops: list[tuple[str, str, Span]] = field(factory=list)
    weights: list[tuple[str, str, tree.Expr, Span]] = field(factory=list)
    met: set[Span] = field(factory=set)
    gone: list[Span] = field(factory=list)
