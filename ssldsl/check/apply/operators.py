"""`+ - * / ** >> | then`, comparisons, `and or not`, and `as`."""

import math
import operator
from collections.abc import Callable
from typing import Any

from attrs import evolve

from ssldsl.check.apply import algebra, networks, ops
from ssldsl.check.apply.algebra import kind_of
from ssldsl.check.messages import losses, shapes, stages, types
from ssldsl.check.state.context import Context
from ssldsl.check.state.values import (
    UNKNOWN,
    Batch,
    Beside,
    Constructor,
    DataValue,
    Function,
    ListValue,
    Loss,
    MapValue,
    NetList,
    Network,
    OpValue,
    StreamRef,
    TrainedNet,
    View,
    WordValue,
    as_scalar,
    describe,
)
from ssldsl.check.typing.advice import network_of_stage, tensor_advice
from ssldsl.ir.nodes import Combined, Constant, Curve, Duration, Node, Scalar
from ssldsl.syntax import tree
from ssldsl.types import Dim, TensorType
from ssldsl.values import is_number, is_scalar

ARITHMETIC: dict[str, Callable[[Any, Any], Any]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "**": operator.pow,
}
DEEPEST = 200  # scalars inside scalars
COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def unary(ctx: Context, expr: tree.Unary, value: Any) -> Any:
    if value is UNKNOWN:
        return UNKNOWN
    if expr.op == "-" and is_number(value):
        return -value
    if expr.op == "-" and isinstance(value, Loss):
        return value.scaled(_times(Constant(-1.0)))
    if expr.op == "not" and isinstance(value, bool):
        return not value
    result = algebra.unary(ctx, expr, value)
    if result is not NotImplemented:
        return result
    wanted = "a number or a loss" if expr.op == "-" else "a condition"
    ctx.report(types.wrong_operand(expr.op, wanted, describe(value), expr.operand.span))
    return UNKNOWN


def binary(ctx: Context, expr: tree.Binary, left: Any, right: Any) -> Any:
    if left is UNKNOWN or right is UNKNOWN:
        return UNKNOWN
    result = _apply(ctx, expr, left, right)
    if _is_deep(result):
        ctx.report(stages.deep_schedule(DEEPEST, expr.span))
        return UNKNOWN
    if result is not NotImplemented:
        return result
    place = expr.span
    if expr.op in "+-" and isinstance(left, Loss) != isinstance(right, Loss):
        place = expr.right.span if isinstance(left, Loss) else expr.left.span  # and not a sum of many lines
    ctx.report(types.wrong_operands(expr.op, describe(left), describe(right), place, _advice(expr, left, right)))
    return UNKNOWN


def _is_deep(value: Any) -> bool:
    """Whether whoever reads a schedule, or the weight of a term, would go down too far."""
    weights = [part.weight for part in value.parts] if isinstance(value, Loss) and len(value.parts) == 1 else [value]
    weights += (value.setting("by") or ()) if isinstance(value, Node) else ()
    return any(isinstance(weight, Combined) and weight.depth > DEEPEST for weight in weights)


def _advice(expr: tree.Binary, left: Any, right: Any) -> str:
    op, streams = expr.op, (StreamRef, Batch, DataValue, ListValue)
    if op == "&":
        return "`&` puts networks side by side; masks and conditions are joined by `and`"
    if said := network_of_stage(left) or network_of_stage(right):
        return said
    for side, value in ((expr.left, left), (expr.right, right)):
        if isinstance(value, OpValue | WordValue | Function):
            return f"call it: `{side.span.text}(...)`"
        if op == "*" and isinstance(value, Duration) and value.unit == "%":
            return f"a share is written as a number: `{value.value / 100:g}`"
    is_listed = _is_loss_list(left) or _is_loss_list(right)
    if op == "+" and isinstance(left, streams) and isinstance(right, streams) and not is_listed:
        return "streams and lists are joined with `|`"
    if op == "*" and isinstance(left, Loss) and isinstance(right, Loss):
        return "a loss is a weighted sum of terms: multiply a term by a number or a schedule"
    if op in "+-" and is_listed:
        listed = expr.left if _is_loss_list(left) else expr.right
        return f"reduce the list first: `mean({listed.span.text})`"
    if kind_of(left) or kind_of(right):
        return tensor_advice(expr, *(_loss_kind(v) or kind_of(v) for v in (left, right)))
    if op in "+-" and isinstance(left, Loss) != isinstance(right, Loss):
        other = expr.right if isinstance(left, Loss) else expr.left
        if is_scalar(right if isinstance(left, Loss) else left):
            return f"only a loss can be added to a loss; a weight is multiplied: `{other.span.text} * term`"
        return "only a loss can be added to a loss: does a term lack its call, such as `ce(labeled)`?"
    if op == "*" and is_scalar(left) and isinstance(right, streams):
        return f"a weight belongs to a loss: `{expr.left.span.text} * vat({expr.right.span.text})`"
    if isinstance(left, View) and isinstance(right, Network | Constructor) and op == ">>":
        return "a network may begin with a view that draws nothing and gives a row for each row, such as `sobel()`"
    if op in (">", ">=") and isinstance(left, streams):
        return "data go through views and nets by `>>`"
    if op == "|" and (isinstance(left, Loss) or isinstance(right, Loss)):
        return f"a list of losses stands in brackets: `[{expr.left.span.text}, {expr.right.span.text}]`"
    if op == "|":
        return "`|` joins streams, batches and lists"
    if op == ">>":
        return "`>>` sends data through views and nets: `stream >> view`, `net >> head`"
    return ""


def _loss_kind(value: Any) -> str:
    """The kind of what a loss adds up; empty for what is none."""
    return kind_of(value.parts[0].node) if isinstance(value, Loss) else ""


def _is_loss_list(value: Any) -> bool:
    return isinstance(value, ListValue) and all(isinstance(v, Loss) for v in value.values)


def _apply(ctx: Context, expr: tree.Binary, left: Any, right: Any) -> Any:
    op = expr.op
    if op not in ("then", "|", "&", ">>") and (found := algebra.binary(ctx, expr, left, right)) is not NotImplemented:
        return found
    if op in COMPARISONS or op in ("and", "or"):
        return _logic(op, left, right)
    if op == "then":
        return _then(ctx, expr, left, right)
    if op == "|":
        return _join(left, right)
    if op == "&":
        return _beside(left, right)
    if op == ">>":
        return compose(ctx, expr, left, right)
    if is_number(left) and is_number(right):
        return _numbers(ctx, expr, left, right)
    if is_scalar(left) and is_scalar(right):
        return NotImplemented if op == "**" else Combined(op, as_scalar(left), as_scalar(right))  # type: ignore[arg-type]  # op is one of four here
    if isinstance(left, Dim) or isinstance(right, Dim):
        return _sizes(op, left, right)
    if isinstance(left, Loss) or isinstance(right, Loss):
        return _losses(op, left, right)
    if op in ("*", "/") and (_is_loss_list(left) or _is_loss_list(right)):
        return _loss_lists(op, left, right)
    if isinstance(left, MapValue) and is_number(right) and op == "*":
        return evolve(left, values=tuple((k, v * right) for k, v in left.values))
    return NotImplemented


def _logic(op: str, left: Any, right: Any) -> Any:
    if op in ("and", "or"):
        if isinstance(left, bool) and isinstance(right, bool):
            return (left and right) if op == "and" else (left or right)
        return NotImplemented
    if (is_number(left) and is_number(right)) or (type(left) is type(right) and op in ("==", "!=")):
        return COMPARISONS[op](left, right)
    return NotImplemented


def _numbers(ctx: Context, expr: tree.Binary, left: Any, right: Any) -> Any:
    """A number of two, no larger than a float can be: `10**10**10` would take all memory."""
    try:
        if expr.op == "**":
            float(left) ** float(right)  # overflows in time where whole numbers would not
        result = ARITHMETIC[expr.op](left, right)
        is_infinite = math.isinf(float(result)) if not isinstance(result, complex) else False
    except (ZeroDivisionError, OverflowError) as error:
        why = "this divides by zero" if isinstance(error, ZeroDivisionError) else "this is too large"
        ctx.report(types.no_value(expr.span, why))
        return UNKNOWN
    if is_infinite:
        ctx.report(types.no_value(expr.span, "this is too large"))
        return UNKNOWN
    if isinstance(result, complex):
        ctx.report(types.no_real_number(expr.span))
        return UNKNOWN
    return result


def _sizes(op: str, left: Any, right: Any) -> Any:
    if op not in ("+", "-", "*") or not all(
        isinstance(v, int | Dim) and not isinstance(v, bool) for v in (left, right)
    ):
        return NotImplemented
    result: Dim = ARITHMETIC[op](Dim.of(left), right)
    return result if result.value is None else result.value


def _then(ctx: Context, expr: tree.Binary, left: Any, right: Any) -> Any:
    if not (is_scalar(left) and is_scalar(right)):
        return NotImplemented
    length = _length(left)
    if length is None:
        ctx.report(stages.no_length_before_then(expr.left.span))
        return UNKNOWN
    return Combined("then", as_scalar(left), as_scalar(right), length)


def _length(value: Any) -> Duration | None:
    """How long a schedule lasts, where one of its factors says so."""
    if isinstance(value, Curve):
        length = dict(value.settings).get("length")
        return length if isinstance(length, Duration) else None
    if isinstance(value, Combined):
        return _length(value.left) or _length(value.right)
    return None


def _join(left: Any, right: Any) -> Any:
    items: list[Any] = []
    for value in (left, right):
        if isinstance(value, ListValue):
            items.extend(value.values)
        elif isinstance(value, StreamRef | Batch | Node | DataValue):
            items.append(value)
        else:
            return NotImplemented
    return ListValue(tuple(items))


def _beside(left: Any, right: Any) -> Any:
    """`&`: networks that get the same rows, and whose features are joined."""
    if not isinstance(left, Network | Constructor) or not isinstance(right, Network | Constructor):
        return NotImplemented
    only = left.parts[0] if len(left.parts) == 1 else None
    before = only.nets if isinstance(only, Beside) else (Network(left.parts),)
    return Network((Beside((*before, Network(right.parts))),))


def _seen_through(view: View) -> tuple[Constructor, ...] | None:
    """A view as the first part of a network; nothing for one that draws or gives several rows."""
    if any(p.signature.uses_rng or len(p.signature.outputs) != 1 for p in view.parts):
        return None
    return tuple(Constructor(part.signature, (), part.settings, part.span) for part in view.parts)


def compose(ctx: Context, expr: tree.Binary, left: Any, right: Any) -> Any:
    """`>>`: views after views, modules after modules, or data through either."""
    match left, right:
        case View(), View():
            return View(left.parts + right.parts)
        case (Network() | Constructor(), Network() | Constructor()):
            return Network(left.parts + right.parts)
        case (View(), Network() | Constructor()) if (first := _seen_through(left)) is not None:
            return Network((*first, *right.parts))
        case DataValue(), View():
            return evolve(left, views=left.views + right.parts)
        case (StreamRef() | ListValue(), View()) if ctx.stage is None:
            return _viewed_stream(ctx, left, right)
        case (StreamRef() | Batch() | ListValue() | Node(), View()):
            return ops.view(ctx, right, left, expr.span, at=expr.left.span)
        case (StreamRef() | DataValue() | Batch() | ListValue() | Node(), Network() | Constructor()):
            return networks.apply(ctx, Network(right.parts), left, expr.span, expr.left.span)
        case (Network() | Constructor(), NetList()):
            return networks.each(right, lambda net: Network(left.parts + net.parts))
        case (NetList(), Network() | Constructor()):
            return networks.each(left, lambda net: Network(net.parts + right.parts))
        case (StreamRef() | DataValue() | Batch() | ListValue() | Node(), NetList()):
            return networks.apply_list(ctx, right, left, expr.span, expr.left.span)
        case (StreamRef() | DataValue() | Batch() | ListValue() | Node(), TrainedNet()):
            return networks.apply_trained(ctx, right, left, expr.span, expr.left.span)
    return NotImplemented


def _viewed_stream(ctx: Context, left: StreamRef | ListValue, right: View) -> Any:
    """A view of a declared stream: the same draw, seen differently."""
    if isinstance(left, ListValue):
        return ListValue(tuple(_viewed_stream(ctx, v, right) if isinstance(v, StreamRef) else v for v in left.values))
    draft = ctx.streams[left.name]
    if draft.data is None:
        return _viewed_stream(ctx, ListValue(tuple(StreamRef(p) for p in draft.parts)), right)
    return DataValue(draft.data.node, draft.data.views + right.parts, draft.base or left.name)


def _times(factor: Scalar) -> Callable[[Scalar], Scalar]:
    def scale(weight: Scalar) -> Scalar:
        if weight == Constant(1.0):
            return factor
        if isinstance(weight, Constant) and isinstance(factor, Constant):
            return Constant(weight.value * factor.value)
        return Combined("*", factor, weight)

    return scale


def _losses(op: str, left: Any, right: Any) -> Any:
    if op == "*" and is_scalar(left) != is_scalar(right):
        loss, factor = (right, left) if is_scalar(left) else (left, right)
        return loss.scaled(_times(as_scalar(factor)))
    if op == "/" and isinstance(left, Loss) and is_number(right) and right != 0:
        return left.scaled(_times(Constant(1.0 / right)))
    if op in ("+", "-") and isinstance(left, Loss) and isinstance(right, Loss):
        other = right if op == "+" else right.scaled(_times(Constant(-1.0)))
        return Loss(left.parts + other.parts)
    return NotImplemented


def _loss_lists(op: str, left: Any, right: Any) -> Any:
    """A list of losses times a number, item by item."""
    if _is_loss_list(left):
        values = tuple(_losses(op, loss, right) for loss in left.values)
    else:
        values = tuple(_losses(op, left, loss) for loss in right.values)
    return NotImplemented if NotImplemented in values else ListValue(values)


def named(ctx: Context, expr: tree.Named, value: Any) -> Any:
    """`loss as name`."""
    if value is UNKNOWN:
        return UNKNOWN
    if isinstance(value, Loss) and len(value.parts) == 1:
        return Loss((evolve(value.parts[0], name=expr.name.id, named=True),))
    if isinstance(value, Node) and isinstance(value.type, TensorType) and value.type.kind != "Scalar":
        ctx.report(losses.no_single_number(shapes.written(value.type), expr.span))
        return UNKNOWN
    if isinstance(value, Loss):
        ctx.report(losses.names_several_terms(expr.name.id, len(value.parts), expr.name.span))
        return UNKNOWN
    if _is_loss_list(value):
        ctx.report(losses.names_a_list(len(value.values), expr.value.span))
        return UNKNOWN
    ctx.report(losses.names_no_term(describe(value), expr.span, is_scalar(value)))
    return UNKNOWN
