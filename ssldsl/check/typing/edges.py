"""Edges: what an op takes, and what comes out of it. Every edge of the graph is typed here."""

from typing import Any

from ssldsl.check.messages import dataflow, shapes, types
from ssldsl.check.state.context import Context
from ssldsl.check.state.values import UNKNOWN, UNNAMED, Batch, ListValue, describe
from ssldsl.check.typing import row_order
from ssldsl.check.typing.advice import count_advice, kind_advice, shape_advice
from ssldsl.check.typing.sizes import REST, Sizes, between, size_of, unify
from ssldsl.ir.nodes import Node, Setting
from ssldsl.ops.signature import Edge, Output, Signature
from ssldsl.source import Span
from ssldsl.types import ACCEPTS, AVERAGED, LIKE_INPUT, WHOLE_NUMBERS, Dim, TensorType, TupleType


def accept(ctx: Context, signature: Signature, edge: Edge, value: Any, span: Span) -> Node | None:
    """The tensor that an edge gets of a batch or a node, or nothing once the reason is reported."""
    if isinstance(value, Batch):
        if edge.kind == "Labels":
            if value.get("label") is None:
                no_label(ctx, value, span)
                return None
            wrong_kind(ctx, signature, edge, describe(value), span, f"pass its labels: `{span.text}.label`")
            return None
        if edge.kind == "Positions":
            wrong_kind(ctx, signature, edge, describe(value), span, f"pass where they stand: `{span.text}.position`")
            return None
        value = value.input
    if not isinstance(value, Node) or not isinstance(value.type, TensorType):
        wrong_kind(ctx, signature, edge, describe(value), span)
        return None
    if value.type.kind not in ACCEPTS[edge.kind]:
        wrong_kind(
            ctx, signature, edge, shapes.written(value.type), span, kind_advice(ctx, edge.kind, value.type.kind, span)
        )
        return None
    if edge.detached and value.grad_modules:
        ctx.report(dataflow.gradient_into_target(signature.name, edge.name, span, value.grad_modules))
        return None
    return value


def wrong_kind(ctx: Context, signature: Signature, edge: Edge, found: str, span: Span, help: str = "") -> None:
    """Report a value of a kind that an edge does not take."""
    wanted = shapes.wanted(edge.kind, edge.dims) if edge.dims else {"Net": "a network"}.get(edge.kind, edge.kind)
    ctx.report(types.wrong_kind(signature.name, edge.name, wanted, found, span, help))


def fits(
    ctx: Context, signature: Signature, edge: Edge, node: Node, sizes: Sizes, settings: dict[str, Setting], span: Span
) -> bool:
    if edge.kind == "Net":
        return True
    assert isinstance(node.type, TensorType)
    wrong = unify(edge.dims, node.type.dims, sizes, settings)
    if wrong:
        wanted, dims = shapes.wanted(edge.kind, edge.dims), (*node.type.dims, *sizes.values())
        found, hints, help = shapes.written(node.type), shapes.open_sizes(dims), shape_advice(ctx, edge, node, sizes)
        ctx.report(types.wrong_shape(signature.name, edge.name, wanted, found, span, wrong, hints, help))
    if not wrong and edge.count and not _counts(ctx, signature, edge, node, sizes, settings, span):
        return False
    return not wrong and row_order.stand_together(ctx, signature.name, edge.dims, node, sizes.get("batch"), span)


def _counts(
    ctx: Context, signature: Signature, edge: Edge, node: Node, sizes: Sizes, settings: dict[str, Setting], span: Span
) -> bool:
    """Whether whole numbers say how many of them there are, as many as the other edges have."""
    assert isinstance(node.type, TensorType)
    if node.type.classes is None:
        ctx.report(types.uncounted(signature.name, edge.name, shapes.written(node.type), node.op == "index", span))
        return False
    wrong = unify((edge.count,), (node.type.classes,), sizes, settings)
    if wrong:
        wanted, found = f"{edge.kind}[{', '.join(edge.dims)}; {edge.count}]", shapes.written(node.type)
        help = count_advice(ctx, edge, span)
        ctx.report(types.wrong_shape(signature.name, edge.name, wanted, found, span, wrong, (), help))
    return not wrong


def result(
    ctx: Context,
    signature: Signature,
    inputs: tuple[Node, ...],
    params: tuple[str, ...],
    settings: tuple[tuple[str, Setting], ...],
    sizes: Sizes,
    span: Span,
) -> Any:
    outputs = _outputs(signature, inputs, params, settings, sizes)
    first = outputs[0][1]
    known = [n for n in inputs if n.rows is not None]
    kept = next((n for n in known if _same_rows(n, first)), None)
    rows = kept.rows if kept else None
    if signature.uses_rng:
        rows = _rows_of(ctx, kept or known[0], span) if known else None
        if not may_draw(ctx, signature, rows, span):
            return UNKNOWN
    if signature.role == "memory" and not may_remember(ctx, signature, span):
        return UNKNOWN
    is_still = signature.role == "memory" or first.kind in WHOLE_NUMBERS
    single = len(outputs) == 1 and outputs[0][0] == ""
    node = ctx.interner.node(
        signature.name,
        inputs,
        params=params,
        settings=settings,
        draw=_fresh_draw(ctx, signature),
        rows=rows,
        spans=(span, *ctx.reporter.calls),
        type=first if single else TupleType(outputs),
        grad_modules=frozenset() if is_still else frozenset[str]().union(*(n.grad_modules for n in inputs)),
    )
    return node if single else Batch(tuple(fields_of(ctx, node)), outputs[0][0], rows, signature.name, "")


def _fresh_draw(ctx: Context, signature: Signature) -> str:
    """The name under which an op draws or remembers; nothing for one that does neither."""
    if signature.role != "memory" and not signature.uses_rng:
        return ""
    assert ctx.stage is not None
    return ctx.stage.fresh_draw(signature.name)


def _rows_of(ctx: Context, node: Node, span: Span) -> Node | None:
    """Which samples the rows of a node are, one for each row: a view may have made several of one sample."""
    rows = node.rows
    if rows is None or not isinstance(rows.type, TensorType) or not isinstance(node.type, TensorType):
        return rows
    before, after = rows.type.dims[0], node.type.dims[0]
    times = after.terms[0][1] // before.terms[0][1] if before.terms and after.terms else 1
    return repeat(ctx, rows, times, span) if times > 1 and before * times == after else rows


def repeat(ctx: Context, node: Node, times: int, span: Span) -> Node:
    """Every row of a node several times, one after the other."""
    assert isinstance(node.type, TensorType)
    return ctx.interner.node(
        "repeat_rows",
        (node,),
        params=("value",),
        settings=(("times", times),),
        spans=(span, *ctx.reporter.calls),
        type=TensorType(node.type.kind, (node.type.dims[0] * times, *node.type.dims[1:]), node.type.classes),
        grad_modules=node.grad_modules,
    )


def _same_rows(node: Node, output: TensorType) -> bool:
    return bool(
        isinstance(node.type, TensorType) and node.type.dims and output.dims and node.type.dims[0] == output.dims[0]
    )


def may_draw(ctx: Context, signature: Signature, rows: Node | None, span: Span, at: Span | None = None) -> bool:
    """Whether a random op has rows to draw for. `span`: of the op; `at`: of its use, if that is elsewhere."""
    if rows is not None:
        return True
    derives = ctx.stage.derives if ctx.stage else ""
    if derives:
        ctx.report(dataflow.random_in_data(signature.name, derives, span, at))
    else:
        evaluation = ctx.stage.evaluation if ctx.stage else None
        ctx.report(dataflow.random_in_an_eval(signature.name, span, at, evaluation))
    return False


def memories_of(ctx: Context, value: Any) -> list[Node]:
    """The memories whose values these are, and nothing where it is another value or has others among it."""
    if isinstance(value, ListValue | Batch):
        items = value.values if isinstance(value, ListValue) else [node for _, node in value.fields]
        found = [memories_of(ctx, item) for item in items]
        return list(dict.fromkeys(node for nodes in found for node in nodes)) if all(found) else []
    if not isinstance(value, Node):
        return []
    memory = value.inputs[0] if value.op == "field" else value
    signature = ctx.signatures.get(memory.op)
    return [memory] if signature is not None and signature.role == "memory" else []


def is_held(ctx: Context, value: Any) -> bool:
    """Whether a value is what a memory can give without its edges: an evaluation reads it as the steps left it."""
    memories = memories_of(ctx, value)
    return bool(memories) and all(ctx.signatures[node.op].reads_alone for node in memories)


def may_remember(ctx: Context, signature: Signature, span: Span) -> bool:
    """Whether this is a place where steps pass, which is what a memory remembers."""
    if ctx.stage is not None and not ctx.stage.full_dataset:
        return True
    evaluation = ctx.stage.evaluation if ctx.stage else None
    is_in_an_eval = ctx.stage is not None
    ctx.report(dataflow.memory_outside_of_steps(signature.name, signature.reads_alone, is_in_an_eval, span, evaluation))
    return False


def fields_of(ctx: Context, node: Node) -> list[tuple[str, Node]]:
    """The parts of a NamedTuple result, as nodes."""
    assert isinstance(node.type, TupleType)
    return [
        (
            name,
            ctx.interner.node(
                "field",
                (node,),
                type=type_,
                params=("value",),
                settings=(("name", name),),
                rows=_rows_of_field(node, type_),
                spans=ctx.interner.spans_of(node),
                grad_modules=frozenset() if type_.kind in WHOLE_NUMBERS else node.grad_modules,
            ),
        )
        for name, type_ in node.type.fields
    ]


def _rows_of_field(node: Node, field: TensorType) -> Node | None:
    """Which samples the rows of a field are: those of the input that has as many, where that is not the first field."""
    assert isinstance(node.type, TupleType)
    first = node.type.fields[0][1]
    if not first.dims or not field.dims or field.dims[0] == first.dims[0]:
        return node.rows
    return next((n.rows for n in node.inputs if n.rows is not None and _same_rows(n, field)), None)


def _outputs(
    signature: Signature,
    inputs: tuple[Node, ...],
    params: tuple[str, ...],
    settings: tuple[tuple[str, Setting], ...],
    sizes: Sizes,
) -> tuple[tuple[str, TensorType], ...]:
    """The names and types of what an op gives; a plain number where its signature says nothing."""
    like = _like(signature, inputs, params)
    found = tuple((output.name, type(output, sizes, dict(settings), like)) for output in signature.outputs)
    return found or (("", TensorType("Values", ())),)


def _like(signature: Signature, inputs: tuple[Node, ...], params: tuple[str, ...]) -> TensorType | None:
    """What came in where an edge takes any kind; all of one op are alike."""
    for node, param in zip(inputs, params, strict=True):
        edge = signature.edge(param)
        if edge is not None and edge.kind in LIKE_INPUT and isinstance(node.type, TensorType):
            return node.type
    return None


def type(output: Output, sizes: Sizes, settings: dict[str, Setting], like: TensorType | None = None) -> TensorType:
    """What an op gives. `like`: what came in, where the result is of its kind, or its rows of its shape."""
    dims: list[Dim] = []
    for text in output.dims:
        if text == REST and REST in sizes:
            dims += between(sizes)
        elif text == REST and like is not None:
            dims += like.dims[1:]
        else:
            size = size_of(text, sizes, settings)
            dims.append(size if size is not None else Dim.of(text))
    if output.kind not in LIKE_INPUT or like is None:
        return TensorType(output.kind, tuple(dims), size_of(output.count, sizes, settings) if output.count else None)
    if output.kind == "Alike":
        return TensorType(like.kind, tuple(dims), like.classes)
    return TensorType(AVERAGED.get(like.kind, like.kind) if dims else "Scalar", tuple(dims))


def no_label(ctx: Context, batch: Batch, span: Span) -> None:
    """Report a use of labels that are not there."""
    stream = "" if batch.stream == UNNAMED else batch.stream
    fields = [name for name, _ in batch.fields]
    ctx.report(dataflow.no_labels(stream, span, batch.removed_at, fields, batch.full_dataset))
