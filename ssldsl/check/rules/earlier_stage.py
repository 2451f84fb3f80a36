"""What a stage reads of earlier ones must be there when it begins, and must have been trained."""

from collections.abc import Iterable

from ssldsl.check.state.reader import Reader
from ssldsl.ir.nodes import Node
from ssldsl.ir.walk import ancestors


def check_origins(reader: Reader, after: tuple[str, ...], roots: Iterable[Node]) -> None:
    """What a stage reads of earlier ones must be there when it begins, and must have been trained."""
    before = reader.ctx.stages_before(after)
    for node in ancestors(roots):
        stage = node.setting("stage")
        if node.op == "net" and stage is not None and _comes_before(reader, node, stage, before):
            _check_weights(reader, node, stage)


def _comes_before(reader: Reader, node: Node, stage: str, before: set[str]) -> bool:
    if stage in before:
        return True
    if stage == reader.name:
        message, help = f"stage `{stage}` cannot read what it will have trained", "name a stage that comes before it"
    else:
        message = f"stage `{reader.name}` does not come after `{stage}`"
        help = f"write `stage {reader.name} after {stage} {{`"
    reader.ctx.reporter.error("D503", node.spans[0], message, "", help=help)
    return False


def _check_weights(reader: Reader, node: Node, name: str) -> None:
    """The stage, or one before it, must have trained the network; and it must keep an average if that is wanted."""
    ctx, path = reader.ctx, str(node.setting("name"))
    stage, draft = ctx.stages.get(name), ctx.modules[path]
    if stage is None:  # it is wrong itself
        return
    earlier = [s for n in ctx.stages_before(stage.after) if (s := ctx.stages.get(n)) is not None]
    if node.setting("average") and stage.average is None:
        message = f"stage `{name}` keeps no average of its weights"
        help = f"write `average = polyak(half_life=1ep)` in `{name}`, or leave `.average` out"
        ctx.reporter.error("D507", node.spans[0], message, "", help=help)
    trained = [p for s in (stage, *earlier) for p in s.train]
    trained += [m for s in (stage, *earlier) for i in s.init if i.file or i.run for m in i.modules]
    held = any(p == path or p.startswith(f"{path}.") for p in trained)
    if not held and not draft.average_of and draft.signature.is_module and draft.signature.sizes:
        ctx.reporter.error(
            "D514",
            node.spans[0],
            f"stage `{name}` neither trains nor initialises `{path}`, which is random there",
            "",
            help=f"use `{path}` in the loss of `{name}`, or take the network of another stage",
        )
