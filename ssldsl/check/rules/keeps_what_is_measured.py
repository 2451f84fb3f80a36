"""D432: the checkpoint that is kept is chosen by a number that the stage records."""

from collections.abc import Iterator

from ssldsl.check.messages import stages
from ssldsl.check.state.reader import Reader
from ssldsl.errors import Diagnostic
from ssldsl.ir.program import Stage
from ssldsl.source import Span
from ssldsl.types import TensorType, TupleType

WHOLE = "loss"  # the sum of all terms


def keeps_what_is_measured(stage: Stage, reader: Reader) -> Iterator[Diagnostic]:
    """One number of an evaluation, the loss, a term of it, or what is watched."""
    if stage.keep is None:
        return
    name, place = stage.keep.name, reader.place("keep")
    measured, recorded = dict(_measured(stage)), dict(_recorded(stage, reader))
    if name not in measured and name not in recorded:
        yield stages.keeps_nothing(reader.subject, name, [*measured, *recorded], place)
    elif name in measured and name in recorded:
        yield stages.keeps_one_of_two(reader.subject, name, place, (measured[name], recorded[name]))


def _measured(stage: Stage) -> Iterator[tuple[str, Span]]:
    """The single numbers of the evaluations, each with its place."""
    for evaluation in stage.evaluations:
        type_ = evaluation.node.type
        if isinstance(type_, TensorType) and not type_.dims:
            yield evaluation.name, evaluation.span
        elif isinstance(type_, TupleType):
            yield from ((f"{evaluation.name}.{name}", evaluation.span) for name, f in type_.fields if not f.dims)


def _recorded(stage: Stage, reader: Reader) -> Iterator[tuple[str, Span]]:
    """What is recorded of every step, each with its place."""
    yield WHOLE, reader.place("loss")
    yield from ((term.name, term.span) for term in stage.terms)
    yield from ((watch.name, watch.span) for watch in stage.watches)
