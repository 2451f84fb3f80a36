"""D432: the checkpoint that is kept is chosen by a number that the stage records."""

from collections.abc import Iterator

from ssldsl.check.messages import stages
from ssldsl.check.state.reader import Reader
from ssldsl.errors import Diagnostic
from ssldsl.ir.program import Stage
from ssldsl.types import TensorType, TupleType

WHOLE = "loss"  # the sum of all terms


def keeps_what_is_measured(stage: Stage, reader: Reader) -> Iterator[Diagnostic]:
    """One number of an evaluation, the loss, a term of it, or what is watched."""
    if stage.keep is None:
        return
    known = [*_numbers(stage), WHOLE, *(t.name for t in stage.terms), *(w.name for w in stage.watches)]
    if stage.keep.name not in known:
        yield stages.keeps_nothing(reader.subject, stage.keep.name, known, reader.place("keep"))


def _numbers(stage: Stage) -> Iterator[str]:
    for evaluation in stage.evaluations:
        type_ = evaluation.node.type
        if isinstance(type_, TensorType) and not type_.dims:
            yield evaluation.name
        elif isinstance(type_, TupleType):
            yield from (f"{evaluation.name}.{name}" for name, field in type_.fields if not field.dims)
