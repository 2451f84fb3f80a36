"""D432: the checkpoint that is kept is chosen by a number that the stage records."""

from collections.abc import Iterator

from ssldsl.check.messages import stages
from ssldsl.check.state.reader import Reader
from ssldsl.errors import Diagnostic
from ssldsl.ir.program import Stage
from ssldsl.source import Span

WHOLE = "loss"  # the sum of all terms


def keeps_what_is_measured(stage: Stage, reader: Reader) -> Iterator[Diagnostic]:
    """One number of an evaluation, the loss, a term of it, or what is watched. An error may have hidden which."""
    if stage.keep is None:
        return
    name, place = stage.keep.name, reader.place("keep")
    measured, recorded = dict(stage.measured()), dict(_recorded(stage, reader))
    if name not in measured and name not in recorded:
        if not reader.ctx.reporter.failed:
            yield stages.keeps_nothing(reader.subject, name, [*measured, *recorded], place)
    elif name in measured and name in recorded:
        yield stages.keeps_one_of_two(reader.subject, name, place, (measured[name], recorded[name]))


def _recorded(stage: Stage, reader: Reader) -> Iterator[tuple[str, Span]]:
    """What is recorded of every step, each with its place."""
    yield WHOLE, reader.place("loss")
    yield from ((term.name, term.span) for term in stage.terms)
    yield from ((watch.name, watch.span) for watch in stage.watches)
