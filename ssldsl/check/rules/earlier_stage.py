"""D503, D507, D514: what a stage reads of earlier ones is there when it begins, and has been trained."""

from collections.abc import Iterator

from ssldsl.check.messages import stages
from ssldsl.check.state.reader import Reader
from ssldsl.errors import Diagnostic
from ssldsl.ir.nodes import Node
from ssldsl.ir.program import Stage
from ssldsl.ir.walk import ancestors


def earlier_stage(stage: Stage, reader: Reader) -> Iterator[Diagnostic]:
    """Of every network with the weights of a stage: the stage comes before, has trained it, and keeps its average."""
    before = reader.ctx.stages_before(stage.after)
    for node in ancestors(stage.roots):
        name = node.setting("stage")
        if node.op != "net" or name is None:
            continue
        if name in before:
            yield from _weights(reader, node, name)
        elif name == stage.name:
            yield stages.reads_itself(name, reader.written_at(node))
        else:
            yield stages.comes_not_after(stage.name, name, reader.written_at(node))


def _weights(reader: Reader, node: Node, name: str) -> Iterator[Diagnostic]:
    """The stage, or one before it, must have trained the network; and it must keep an average if that is wanted."""
    ctx, path = reader.ctx, str(node.setting("name"))
    stage, draft = ctx.stages.get(name), ctx.modules[path]
    if stage is None:  # it is wrong itself
        return
    earlier = [s for n in ctx.stages_before(stage.after) if (s := ctx.stages.get(n)) is not None]
    if node.setting("average") and stage.average is None:
        yield stages.keeps_no_average(name, reader.written_at(node))
    held = [p for s in (stage, *earlier) for p in s.train]
    held += [m for s in (stage, *earlier) for i in s.init if i.file or i.run for m in i.modules]
    is_held = any(p == path or p.startswith(f"{path}.") for p in held)
    if not is_held and not draft.average_of and draft.owns_parameters:
        yield stages.random_there(name, path, reader.written_at(node))
