"""D527: what a step of several updates cannot have, and what a step of one cannot."""

from collections.abc import Iterator

from ssldsl.check.messages import stages
from ssldsl.check.state.reader import Reader
from ssldsl.errors import Diagnostic
from ssldsl.ir.program import Stage


def several_updates(stage: Stage, reader: Reader) -> Iterator[Diagnostic]:
    """A part of a batch must not see weights that another part has changed, nor compiled code two ways back."""
    if len(stage.updates) > 1 and stage.accumulate > 1:
        why = "a later part of the batch would meet weights that an earlier one has changed"
        yield stages.with_several_updates("accumulate", str(stage.accumulate), why, reader.place("accumulate"))
    if len(stage.updates) > 1 and stage.compile:
        why = "what updates share would be differentiated twice through one compiled piece"
        yield stages.with_several_updates("compile", "true", why, reader.place("compile"))
    if stage.turns is not None and len(stage.updates) < 2:
        yield stages.nobody_to_take_turns(reader.place("turns"))
