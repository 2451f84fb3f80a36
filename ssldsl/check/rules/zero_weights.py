"""L603: some term of the loss has a weight."""

from collections.abc import Iterator

from ssldsl.check.messages import warnings
from ssldsl.check.state.reader import Reader
from ssldsl.errors import Diagnostic
from ssldsl.ir.nodes import Constant
from ssldsl.ir.program import Stage


def zero_weights(stage: Stage, reader: Reader) -> Iterator[Diagnostic]:
    """A single term without weight may be an ablation; all of them are a slip."""
    if all(term.weight == Constant(0.0) for term in stage.terms):
        yield warnings.zero_weights(reader.place("loss"))
