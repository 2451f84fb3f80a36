"""Arithmetic of tensors: weighted sums, products and comparisons, entry by entry. Shapes stay, nothing is indexed."""

from typing import Any

from attrs import evolve, frozen

from ssldsl.check.messages import dataflow, shapes, types
from ssldsl.check.state.context import Context
from ssldsl.check.state.values import UNKNOWN, ListValue, Loss
from ssldsl.check.typing import arithmetic
from ssldsl.ir.nodes import Combined, Constant, Node, Scalar, Setting
from ssldsl.source import Span
from ssldsl.syntax import tree
from ssldsl.types import TensorType
from ssldsl.values import is_number, is_scalar

MIRRORED = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "==": "==", "!=": "!="}
NOTHING, ONE = Constant(0.0), Constant(1.0)


def kind_of(value: Any) -> str:
    """The kind of a tensor; empty for anything else."""
    return value.type.kind if isinstance(value, Node) and isinstance(value.type, TensorType) else ""


def has_tensor(value: Any) -> bool:
    """Whether a value is a tensor, or a list with one."""
    return any(has_tensor(v) for v in value.values) if isinstance(value, ListValue) else bool(kind_of(value))


def binary(ctx: Context, expr: tree.Binary, left: Any, right: Any) -> Any:
    """The value of an operator that has a tensor on a side, item by item in lists; `NotImplemented` for all others."""
    is_comparison = expr.op in MIRRORED
    if is_comparison:
        left, right = (as_tensor(ctx, v, expr.span) for v in (left, right))
    if expr.op == "*" and isinstance(left, Loss) and isinstance(right, Loss):
        left, right = _one_as_factor(ctx, left, right, expr.span)
    if not (has_tensor(left) or has_tensor(right)):
        return NotImplemented
    if isinstance(left, ListValue) or isinstance(right, ListValue):
        return _each(ctx, expr, left, right)
    match expr.op:
        case "+" | "-":
            return _sum(ctx, expr, left, right)
        case "*":
            return _product(ctx, expr, left, right)
        case "/" if is_number(right) and right != 0:
            return _as_node(ctx, _Sum.of(left).times(Constant(1.0 / right)), expr.span)
        case "and" | "or" if kind_of(left) == kind_of(right) == "Masks":
            return _logic(ctx, expr, left, right)
    return _compare(ctx, expr, left, right) if is_comparison else NotImplemented


def unary(ctx: Context, expr: tree.Unary, value: Any) -> Any:
    """`-x`, and `not mask`; `NotImplemented` for what is no tensor."""
    if isinstance(value, ListValue) and has_tensor(value):
        values = [unary(ctx, expr, v) for v in value.values]
        return NotImplemented if NotImplemented in values else _listed(values)
    if not kind_of(value) or (expr.op == "not" and kind_of(value) != "Masks"):
        return NotImplemented
    if expr.op == "not":
        return _outside(ctx, value, expr.span)
    return _as_node(ctx, _Sum.of(value).times(Constant(-1.0)), expr.span)


def add(ctx: Context, nodes: tuple[Node, ...], span: Span) -> Any:
    """The sum of tensors of one shape and kind; `NotImplemented` where they have nothing in common."""
    total = _Sum()
    for node in nodes:
        total = total.plus(_Sum.of(node))
    return _as_node(ctx, total, span)


def as_tensor(ctx: Context, value: Any, span: Span) -> Any:
    """A loss of one term as the tensor that it is; any other value as it is."""
    return total(ctx, value, span) if isinstance(value, Loss) and len(value.parts) == 1 else value


def total(ctx: Context, loss: Loss, span: Span) -> Any:
    """A loss as one tensor, the weighted sum of its terms; `NotImplemented` where they have nothing in common."""
    found = _Sum()
    for part in loss.parts:
        found = found.plus(_Sum.of(part.node).times(part.weight))
    return _as_node(ctx, found, span)


def _each(ctx: Context, expr: tree.Binary, left: Any, right: Any) -> Any:
    """Item by item; what is no list goes with every item."""
    lengths = {len(v.values) for v in (left, right) if isinstance(v, ListValue)}
    if len(lengths) > 1:
        said = f"{len(left.values)} and {len(right.values)}"
        ctx.report(types.lists_of_different_lengths(expr.op, said, expr.span))
        return UNKNOWN
    values = []
    for i in range(lengths.pop()):
        values.append(binary(ctx, expr, *(v.values[i] if isinstance(v, ListValue) else v for v in (left, right))))
        if values[-1] is NotImplemented:
            return NotImplemented
    return _listed(values)


def _listed(values: list[Any]) -> Any:
    return UNKNOWN if any(v is UNKNOWN for v in values) else ListValue(tuple(values))


# --- weighted sums ----------------------------------------------------------------------------------------------------


@frozen
class _Sum:
    """Tensors, each times a factor, and a number."""

    parts: tuple[tuple[Scalar, Node], ...] = ()
    number: Scalar = NOTHING

    @staticmethod
    def of(value: Any) -> "_Sum":
        """A number, a schedule, or a tensor, which may be a sum already."""
        if not isinstance(value, Node):
            return _Sum((), _scalar(value))
        if value.op != "weighted_sum":
            return _Sum(((ONE, value),))
        factors = (_scalar(factor) for factor in value.setting("by"))
        return _Sum(tuple(zip(factors, value.inputs, strict=True)), _scalar(value.setting("plus") or 0.0))

    def times(self, factor: Scalar) -> "_Sum":
        return _Sum(tuple((times(factor, f), node) for f, node in self.parts), times(factor, self.number))

    def plus(self, other: "_Sum") -> "_Sum":
        """The sum of both, every tensor once: `q + q` is `2 * q`."""
        found = {node.id: (factor, node) for factor, node in self.parts}
        for factor, node in other.parts:
            found[node.id] = (_added(found[node.id][0], factor) if node.id in found else factor, node)
        return _Sum(tuple(found.values()), _added(self.number, other.number))


def _scalar(value: Any) -> Scalar:
    return Constant(float(value)) if is_number(value) else value


def times(left: Scalar, right: Scalar) -> Scalar:
    """The product of two scalars, computed where both are numbers."""
    if isinstance(left, Constant) and isinstance(right, Constant):
        return Constant(left.value * right.value)
    if right in (ONE, NOTHING):
        return left if right == ONE else NOTHING
    return right if left == ONE else Combined("*", left, right)


def _added(left: Scalar, right: Scalar) -> Scalar:
    if isinstance(left, Constant) and isinstance(right, Constant):
        return Constant(left.value + right.value)
    if right == NOTHING:
        return left
    return right if left == NOTHING else Combined("+", left, right)


def _sum(ctx: Context, expr: tree.Binary, left: Any, right: Any) -> Any:
    if not all(kind_of(v) or is_scalar(v) for v in (left, right)):
        return NotImplemented
    sign = Constant(1.0 if expr.op == "+" else -1.0)
    return _as_node(ctx, _Sum.of(left).plus(_Sum.of(right).times(sign)), expr.span)


def _as_node(ctx: Context, total: _Sum, span: Span) -> Any:
    """One node for a weighted sum; the tensor itself where nothing is done to it."""
    factors, nodes = (tuple(side) for side in zip(*total.parts, strict=True))
    kind = arithmetic.sum_kind([kind_of(n) for n in nodes], factors, total.number)
    if kind is None:
        return NotImplemented
    if not _have_one_shape(ctx, nodes, span):
        return UNKNOWN
    if factors == (ONE,) and total.number == NOTHING:
        return nodes[0]
    number = (("plus", _setting(total.number)),) if total.number != NOTHING else ()
    return _node(ctx, "weighted_sum", nodes, kind, (("by", tuple(map(_setting, factors))), *number), span)


def _setting(scalar: Scalar) -> Setting:
    return scalar.value if isinstance(scalar, Constant) else scalar


# --- products ---------------------------------------------------------------------------------------------------------


def _product(ctx: Context, expr: tree.Binary, left: Any, right: Any) -> Any:
    if is_scalar(left) or is_scalar(right):
        factor, value = (left, right) if is_scalar(left) else (right, left)
        return _as_node(ctx, _Sum.of(value).times(_scalar(factor)), expr.span)
    if isinstance(left, Loss) or isinstance(right, Loss):
        return _scaled(ctx, expr, left, right)
    return _multiplied(ctx, expr, left, right) if kind_of(left) and kind_of(right) else NotImplemented


def _multiplied(ctx: Context, expr: tree.Binary, left: Node, right: Node) -> Any:
    kinds = kind_of(left), kind_of(right)
    kind = arithmetic.product_kind(*kinds)
    if kind is None:
        return NotImplemented
    if "Scalar" not in kinds and not _have_one_shape(ctx, (left, right), expr.span):
        return UNKNOWN
    return _node(ctx, "product", (left, right), kind, (), expr.span)


def _scaled(ctx: Context, expr: tree.Binary, left: Any, right: Any) -> Any:
    """Every term of a loss times a mask or weight of its rows, or times one number, such as `queue.ready`."""
    loss, factor, place = (left, right, expr.right.span) if isinstance(left, Loss) else (right, left, expr.left.span)
    kinds = {kind_of(part.node) for part in loss.parts}
    if not kind_of(factor) or any(arithmetic.product_kind(kind_of(factor), kind) != kind for kind in kinds):
        return NotImplemented
    nodes = (
        [_multiplied(ctx, expr, factor, part.node) for part in loss.parts] if _is_constant(ctx, factor, place) else []
    )
    if UNKNOWN in nodes or not nodes:
        return UNKNOWN
    return Loss(tuple(evolve(part, node=node) for part, node in zip(loss.parts, nodes, strict=True)))


def _one_as_factor(ctx: Context, left: Loss, right: Loss, span: Span) -> tuple[Any, Any]:
    """Of two losses, the one that carries no gradient as the tensor that it is: a number may multiply a loss."""
    stopped = [not any(part.node.grad_modules for part in loss.parts) for loss in (left, right)]
    if stopped[0]:
        return _tensor_or_loss(ctx, left, span), right
    return left, _tensor_or_loss(ctx, right, span) if stopped[1] else right


def _tensor_or_loss(ctx: Context, loss: Loss, span: Span) -> Any:
    found = total(ctx, loss, span)
    return loss if found is NotImplemented else found


def _is_constant(ctx: Context, factor: Node, place: Span) -> bool:
    """Whether what multiplies a loss carries no gradient: else a network could lower its loss by doubting."""
    if not factor.grad_modules:
        return True
    ctx.report(dataflow.gradient_into_factor(place, factor.grad_modules))
    return False


# --- comparisons ------------------------------------------------------------------------------------------------------


def _compare(ctx: Context, expr: tree.Binary, left: Any, right: Any) -> Any:
    """1 where it holds and 0 elsewhere, without gradient."""
    sign: str = expr.op
    if is_scalar(left):
        left, right, sign = right, left, MIRRORED[sign]
    if not arithmetic.are_comparable(kind_of(left), kind_of(right), sign, right):
        return NotImplemented
    if not kind_of(right):
        return _node(ctx, "compare", (left,), "Masks", (("sign", sign), ("to", right)), expr.span)
    if "Scalar" not in (kind_of(left), kind_of(right)) and not _have_one_shape(ctx, (left, right), expr.span):
        return UNKNOWN
    return _node(ctx, "compare", (left, right), "Masks", (("sign", sign),), expr.span)


def _logic(ctx: Context, expr: tree.Binary, left: Node, right: Node) -> Any:
    """`a and b` is the product, `a or b` what is not outside both."""
    if expr.op == "and":
        return _multiplied(ctx, expr, left, right)
    neither = _multiplied(ctx, expr, _outside(ctx, left, expr.span), _outside(ctx, right, expr.span))
    return UNKNOWN if neither is UNKNOWN else _outside(ctx, neither, expr.span)


def _outside(ctx: Context, mask: Node, span: Span) -> Any:
    """1 where a mask is 0."""
    return _as_node(ctx, _Sum((), ONE).plus(_Sum.of(mask).times(Constant(-1.0))), span)


# --- nodes ------------------------------------------------------------------------------------------------------------


def _have_one_shape(ctx: Context, nodes: tuple[Node, ...], span: Span) -> bool:
    """Whether tensors can be put together entry by entry."""
    types_ = [n.type for n in nodes if isinstance(n.type, TensorType)]
    odd = next((t for t in types_ if t.dims != types_[0].dims), None)
    if odd is None:
        return True
    first, hints = types_[0], shapes.open_sizes((*types_[0].dims, *odd.dims))
    said = shapes.written(first), shapes.written(odd)
    ctx.report(types.different_shapes(*said, span, hints, _shape_advice(first, odd)))
    return False


def _shape_advice(first: TensorType, second: TensorType) -> str:
    if len(first.dims) != len(second.dims) and "Losses" in (first.kind, second.kind):
        return "losses have one number for every row, as has `confidence(p) >= 0.95`"
    return ""


def _node(ctx: Context, op: str, inputs: tuple[Node, ...], kind: str, settings: tuple[Any, ...], span: Span) -> Node:
    """A node of the shape of its inputs; a single number goes with any shape."""
    types = {n: n.type for n in inputs if isinstance(n.type, TensorType)}
    shape = max((t.dims for t in types.values()), key=len)
    rows = next((n.rows for n, t in types.items() if n.rows is not None and t.dims[:1] == shape[:1]), None)
    return ctx.interner.node(
        op,
        inputs,
        type=TensorType(kind, shape),
        params=("values",) * len(inputs),
        settings=settings,
        grad_modules=frozenset() if op == "compare" else frozenset[str]().union(*(n.grad_modules for n in inputs)),
        rows=rows,
        spans=(span, *ctx.reporter.calls),
    )
