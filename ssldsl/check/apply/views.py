"""Views of a batch: random ones draw, multiplying ones repeat the labels and add fields."""

from typing import Any

from ssldsl.check.messages import types
from ssldsl.check.state.context import Context
from ssldsl.check.state.values import UNKNOWN, Batch, View, ViewPart, describe
from ssldsl.check.typing import edges
from ssldsl.ir.nodes import Node
from ssldsl.source import Span
from ssldsl.types import Dim, TensorType, TupleType


def view(ctx: Context, views: View, batch: Any, span: Span, named: str = "", at: Span | None = None) -> Any:
    """A view of a batch. `named`: the stream whose draw this view is part of. `at`: where the batch is written."""
    for i, part in enumerate(views.parts):
        if batch is UNKNOWN:
            return UNKNOWN
        if not isinstance(batch, Batch):
            ctx.report(types.view_of_no_images(describe(batch), span))
            return UNKNOWN
        draw = f"{named}/{_draw_name(views.parts[: i + 1])}" if named else ""
        batch = _one_view(ctx, part, batch, span, draw, at, named or views.name)
    return batch


def _one_view(ctx: Context, part: ViewPart, batch: Batch, span: Span, named: str, at: Span | None, within: str) -> Any:
    """One part of a view. `named`: the name of its draw, if the view is part of a stream's draw. `within`: of what."""
    signature = part.signature
    if not signature.edges:
        return UNKNOWN
    edge, sizes = signature.edges[0], dict[str, Dim]()
    node = edges.accept(ctx, signature, edge, batch, span)
    if node is None or not edges.fits(ctx, signature, edge, node, sizes, dict(part.settings), part.span):
        return UNKNOWN
    if signature.uses_rng and not edges.may_draw(ctx, signature, batch.rows, part.span, at or span):
        return UNKNOWN
    assert ctx.stage is not None or not signature.uses_rng
    outputs = tuple((o.name, edges.type(o, sizes, dict(part.settings))) for o in signature.outputs)
    made = ctx.interner.node(
        signature.name,
        (node,),
        params=(edge.name,),
        settings=part.settings,
        draw=(named or ctx.stage.fresh_draw(signature.name)) if signature.uses_rng and ctx.stage else "",
        rows=batch.rows,
        spans=(part.span, *ctx.reporter.calls),
        type=outputs[0][1] if len(outputs) == 1 else TupleType(outputs),
        grad_modules=node.grad_modules,
        within=within,
    )
    times = _times(outputs[0][1], node)
    return _seen(ctx, batch if times == 1 else _repeated(ctx, batch, times, part.span), made, outputs[0][0])


def _seen(ctx: Context, batch: Batch, made: Node, first: str) -> Batch:
    """The batch with what a view gave of it. `first`: the output that takes the place of the main field."""
    if not isinstance(made.type, TupleType):
        return batch.with_fields(**{batch.main: made})
    fields = {_field(name): node for name, node in edges.fields_of(ctx, made)}
    fields[batch.main] = fields.pop(_field(first))
    return batch.with_fields(**fields)


def _field(name: str) -> str:
    """The field of a batch that an output fills: `angles` fills `angle`."""
    return name.removesuffix("s")


def _times(output: TensorType, node: Node) -> int:
    """How many rows a view makes of one."""
    assert isinstance(node.type, TensorType)
    before, after = node.type.dims[0], output.dims[0]
    if not before.terms or not after.terms:
        return 1
    times = after.terms[0][1] // before.terms[0][1]
    return times if times > 1 and before * times == after else 1


def _repeated(ctx: Context, batch: Batch, times: int, span: Span) -> Batch:
    """Labels and sample numbers of a batch whose rows a view has multiplied."""
    fields = tuple(
        (name, node if name == batch.main else edges.repeat(ctx, node, times, span)) for name, node in batch.fields
    )
    rows = edges.repeat(ctx, batch.rows, times, span) if batch.rows is not None else None
    return Batch(fields, batch.main, rows, batch.stream, batch.provenance, batch.removed_at, batch.full_dataset)


def _draw_name(parts: tuple[ViewPart, ...]) -> str:
    """What the last of these parts of a view is called: its op, and the second `flip` is `flip#2`."""
    name = parts[-1].signature.name
    count = sum(part.signature.name == name for part in parts)
    return name if count == 1 else f"{name}#{count}"
