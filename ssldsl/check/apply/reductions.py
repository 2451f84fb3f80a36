"""`mean` and `sum`: losses of rows, lists of losses, lists of tensors of one kind, and numbers."""

from typing import Any

from attrs import evolve

from ssldsl.check.apply import algebra, data
from ssldsl.check.apply.algebra import kind_of
from ssldsl.check.messages import shapes, types
from ssldsl.check.state.context import Context
from ssldsl.check.state.values import UNKNOWN, Batch, DataValue, ListValue, Loss, LossPart, StreamRef, describe
from ssldsl.check.typing.arithmetic import ROWS
from ssldsl.ir.nodes import Constant, Node
from ssldsl.source import Span
from ssldsl.types import AVERAGED, WHOLE_NUMBERS, TensorType
from ssldsl.values import is_number

NUMBERS = frozenset({"Losses", "Scalar"})  # what is reduced to one number


def reduce(ctx: Context, word: str, value: Any, span: Span) -> Any:
    """One loss of losses, whatever rows and items they have; one number of numbers; one tensor of a list of tensors."""
    if isinstance(value, Loss):
        return _of_loss(ctx, word, value, span)
    name = _shared_name(word, value)
    values = _tensors(ctx, value, span)
    if UNKNOWN in values:
        return UNKNOWN
    if values and all(is_number(v) for v in values):
        return sum(values) / (len(values) if word == "mean" else 1)
    if not values or not all(kind_of(v) for v in values):
        return _refuse(ctx, word, next((v for v in values if not kind_of(v)), value), span)
    if isinstance(value, ListValue) and not {kind_of(v) for v in values} <= NUMBERS:
        return _of_tensors(ctx, word, values, span)
    numbers = tuple(_number(ctx, word, v, span) for v in values)
    if UNKNOWN in numbers:
        return UNKNOWN
    node = numbers[0] if len(numbers) == 1 else _of_list(ctx, word, numbers, "Scalar", span)
    return Loss((LossPart(name, False, Constant(1.0), node, span),))


def averaged(ctx: Context, loss: Loss) -> Loss:
    """The loss with every term as one number: losses of rows are averaged over all rows."""
    return Loss(tuple(evolve(p, node=_row_mean(ctx, p.node, p.node.spans)) for p in loss.parts))


def _of_loss(ctx: Context, word: str, loss: Loss, span: Span) -> Any:
    rows = [p.node for p in loss.parts if kind_of(p.node) == "Losses"]
    if word == "sum" and rows:
        return _refuse(ctx, word, rows[0], span, "a sum over rows would grow with the batch: take their `mean(...)`")
    spans = (span, *ctx.reporter.calls)
    return Loss(tuple(evolve(p, node=_row_mean(ctx, p.node, spans), span=span) for p in loss.parts))


def _tensors(ctx: Context, value: Any, span: Span) -> tuple[Any, ...]:
    """What is reduced: the items of a list, or one value. A loss of one term is the tensor that it is."""
    if isinstance(value, ListValue):
        return tuple(v for item in value.values for v in _tensors(ctx, item, span))
    if isinstance(value, StreamRef | DataValue):
        value = data.read(ctx, value, span)
    if isinstance(value, Batch):
        value = value.input
    return (algebra.as_tensor(ctx, value, span),)


def _refuse(ctx: Context, word: str, value: Any, span: Span, help: str = "") -> Any:
    wanted = "losses, numbers, or a list of tensors of one kind"
    ctx.report(types.wrong_kind_for_word(word, wanted, describe(value), span, help))
    return UNKNOWN


def is_averaged(node: Node) -> bool:
    """Whether a tensor is a number, or has one for every row."""
    kind, dims = kind_of(node), node.type.dims if isinstance(node.type, TensorType) else ()
    return kind == "Scalar" or kind in ROWS or (kind == "Values" and len(dims) == 1)


def _number(ctx: Context, word: str, node: Node, span: Span) -> Any:
    """One number of a tensor with a number for every row."""
    if is_averaged(node):
        return _row_mean(ctx, node, (span, *ctx.reporter.calls))
    help = f"tensors are reduced in lists, entry by entry: `{word}([p, q])`"
    if kind_of(node) == "Probs":
        help += "; over rows, the mean from step to step is `running_mean(p)`, its entropy in one `marginal_entropy(p)`"
    if kind_of(node) == "Values":
        help = "what makes one number of a row is an op, such as `squared_error(a, b)` of two embeddings"
    return _refuse(ctx, word, node, span, help)


def _row_mean(ctx: Context, node: Node, spans: tuple[Span, ...]) -> Node:
    """The mean over all rows, those that a mask makes 0 among them; a single number as it is."""
    if kind_of(node) == "Scalar":
        return node
    scalar = TensorType("Scalar")
    return ctx.interner.node(
        "row_mean", (node,), params=("values",), type=scalar, grad_modules=node.grad_modules, spans=spans
    )


def _of_tensors(ctx: Context, word: str, nodes: tuple[Node, ...], span: Span) -> Any:
    """The mean or the sum of a list, entry by entry."""
    kinds = {kind_of(n) for n in nodes}
    if word == "sum" and (total := algebra.add(ctx, nodes, span)) is not NotImplemented:
        return total
    if word == "sum" or kinds & WHOLE_NUMBERS or len({n.type for n in nodes}) > 1:
        ctx.report(types.different_items(word, sorted({shapes.written(n.type) for n in nodes}), span))
        return UNKNOWN
    (kind,) = kinds
    return nodes[0] if len(nodes) == 1 else _of_list(ctx, word, nodes, AVERAGED.get(kind, kind), span)


def _of_list(ctx: Context, op: str, nodes: tuple[Node, ...], kind: str, span: Span) -> Node:
    first = nodes[0].type
    assert isinstance(first, TensorType)
    return ctx.interner.node(
        op,
        nodes,
        params=("values",) * len(nodes),
        type=TensorType(kind, first.dims, first.classes),
        rows=nodes[0].rows if first.dims else None,
        spans=(span, *ctx.reporter.calls),
        grad_modules=frozenset[str]().union(*(n.grad_modules for n in nodes)),
    )


def _shared_name(word: str, value: Any) -> str:
    """What the terms of a list are called, where all are called alike: what reduces them names them otherwise."""
    losses = [v for v in value.values if isinstance(v, Loss)] if isinstance(value, ListValue) else []
    names = {part.name for loss in losses for part in loss.parts}
    return names.pop() if len(names) == 1 else word
