"""D523: a memory goes on from a stage that keeps the same one: the same op, with rows of the same sizes."""

from collections.abc import Iterator

from ssldsl.check.messages import stages
from ssldsl.check.state.reader import Reader
from ssldsl.errors import Diagnostic
from ssldsl.ir.nodes import Node
from ssldsl.ir.program import InitFrom, Stage
from ssldsl.ir.walk import ancestors
from ssldsl.types import TensorType


def handed_memory(stage: Stage, reader: Reader) -> Iterator[Diagnostic]:
    """What `init` names is a memory of this stage and of the stage that it is taken over from."""
    mine = _memories(stage, reader)
    for init in stage.init:
        if init.memories and (not init.stage or init.run or init.average):
            yield stages.memory_of_no_stage(init.names[-1], init.average, init.span or reader.span)
            continue
        earlier = reader.ctx.stages.get(init.stage)
        theirs = {} if earlier is None else _memories(earlier, reader)
        for draw in init.memories if earlier is not None else ():
            yield from _differences(draw, mine.get(draw), theirs.get(draw), init, stage, reader)


def _differences(
    draw: str, mine: Node | None, theirs: Node | None, init: InitFrom, stage: Stage, reader: Reader
) -> Iterator[Diagnostic]:
    name, place = draw.partition("/")[0], init.span or reader.span
    if mine is None or theirs is None:
        yield stages.keeps_no_memory(init.stage if theirs is None else stage.name, name, place)
    elif mine.op != theirs.op:
        yield stages.other_memory(name, init.stage, f"`{theirs.op}`", f"`{mine.op}`", place)
    elif (found := _sizes(mine, reader)) != (before := _sizes(theirs, reader)):
        yield stages.other_memory(name, init.stage, before, found, place)


def _memories(stage: Stage, reader: Reader) -> dict[str, Node]:
    """The memories that the steps of a stage write, by the names of their calls."""
    roots = [*(t.node for t in stage.terms), *(w.node for w in stage.watches)]
    signatures = reader.ctx.signatures
    return {n.draw: n for n in ancestors(roots) if n.op in signatures and signatures[n.op].role == "memory"}


def _sizes(memory: Node, reader: Reader) -> str:
    """What decides how large a memory is, in words: how many rows, of which shape."""
    holds = reader.ctx.signatures[memory.op].traits.holds
    said = [f"{holds}={memory.setting(holds)}"] if holds else []
    for value in memory.inputs:
        if isinstance(value.type, TensorType):
            said.append(stages.rows_of(value.type))
    return ", ".join(dict.fromkeys(said))
