"""D503, D507, D514: what a stage reads of earlier ones is there when it begins, and has been trained."""

from collections.abc import Iterator

from ssldsl.check.messages import stages
from ssldsl.check.state.reader import Reader
from ssldsl.errors import Diagnostic
from ssldsl.ir.modules import owner
from ssldsl.ir.nodes import Node
from ssldsl.ir.primitives import OF_STAGES
from ssldsl.ir.program import Stage
from ssldsl.ir.walk import ancestors
from ssldsl.source import Span


def earlier_stage(stage: Stage, reader: Reader) -> Iterator[Diagnostic]:
    """Of all that a stage left: it comes before; of a network, it has trained it, and keeps its average."""
    before = reader.ctx.stages_before(stage.after)
    for node in ancestors(stage.roots):
        name = node.setting("stage")
        if node.op not in OF_STAGES or name is None:
            continue
        if name in before:
            yield from _weights(reader, node, name) if node.op == "net" else ()
        elif name == stage.name:
            yield stages.reads_itself(name, reader.written_at(node))
        else:
            yield stages.comes_not_after(stage.name, name, reader.written_at(node))
    for origin in stage.init:
        if origin.stage in before and not origin.run and origin.span is not None:
            yield from (d for path in origin.modules for d in _trained(reader, path, origin.stage, origin.span))


def _weights(reader: Reader, node: Node, name: str) -> Iterator[Diagnostic]:
    """The stage, or one before it, must have trained the network; and it must keep an average if that is wanted."""
    path, place = str(node.setting("name")), reader.written_at(node)
    stage = reader.ctx.stages.get(name)
    if stage is not None and node.setting("average") and stage.average is None:
        yield stages.keeps_no_average(name, place)
    yield from _trained(reader, path, name, place)


def _trained(reader: Reader, path: str, name: str, place: Span) -> Iterator[Diagnostic]:
    """The stage, or one before it, must have trained the network or a part of it."""
    ctx = reader.ctx
    stage, draft = ctx.stages.get(name), ctx.modules.get(owner(ctx.modules, path)[0])
    if stage is None or draft is None:  # it is wrong itself
        return
    if draft.average_of or not draft.owns_parameters or _holds(stage, path):
        return
    if not any(_holds(s, path) for n in ctx.stages_before(stage.after) if (s := ctx.stages.get(n)) is not None):
        yield stages.random_there(name, path, place)


def _holds(stage: Stage, path: str) -> bool:
    """Whether a stage trains a network or a part of it, or takes it over from outside of the spec."""
    held = [*stage.train, *(m for i in stage.init if i.file or i.run for m in i.modules)]
    return any(p == path or p.startswith(f"{path}.") or path.startswith(f"{p}.") for p in held)
