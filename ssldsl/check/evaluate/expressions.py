"""The meaning of an expression: literals, names, attributes, lists. Operators and calls have files of their own."""

from typing import Any

from ssldsl.check.apply import operators
from ssldsl.check.evaluate import calls
from ssldsl.check.evaluate.names import MISSING, lookup, member, read_ref, written_at
from ssldsl.check.messages import names
from ssldsl.check.state.context import Context
from ssldsl.check.state.scope import Scope
from ssldsl.check.state.values import UNKNOWN, ListValue, MapValue, size_of
from ssldsl.errors import InternalError
from ssldsl.ir.nodes import Duration
from ssldsl.source import Span
from ssldsl.syntax import tree
from ssldsl.syntax.walk import spine
from ssldsl.values import extent_of

_ENDINGS = frozenset({"csv", "json", "npy", "npz", "pt", "pth", "py", "safetensors", "ssl", "tar", "txt", "yaml"})


def evaluate(ctx: Context, expr: tree.Expr, scope: Scope) -> Any:
    """The meaning of `expr`, or `UNKNOWN` with the reason reported."""
    ctx.budget.enter(ctx.reporter, expr.span)
    value = _meaning(ctx, expr, scope)
    if value is UNKNOWN and not ctx.reporter.failed:
        raise InternalError(f"`{expr.span.text}` has no meaning, and nothing says why")
    ctx.budget.levels -= 1
    ctx.budget.hold(extent_of(value), ctx.reporter, expr.span)
    return value


def _meaning(ctx: Context, expr: tree.Expr, scope: Scope) -> Any:
    match expr:
        case tree.Number() | tree.String() | tree.Bool():
            return expr.value
        case tree.Nothing():
            return None
        case tree.Quantity():
            return Duration(expr.value, expr.unit)
        case tree.Ref():
            return read_ref(ctx, expr, scope)
        case tree.Attribute():
            return attribute(ctx, expr, scope)
        case tree.Call():
            return calls.call(ctx, expr, scope)
        case tree.ListExpr():
            values = tuple(evaluate(ctx, item, scope) for item in expr.items)
            return UNKNOWN if UNKNOWN in values else ListValue(values)
        case tree.MapExpr():
            return _map(ctx, expr, scope)
        case tree.Named():
            return operators.named(ctx, expr, evaluate(ctx, expr.value, scope))
        case tree.Unary():
            return operators.unary(ctx, expr, evaluate(ctx, expr.operand, scope))
        case tree.Binary():
            return _chain(ctx, expr, scope)


def _chain(ctx: Context, expr: tree.Binary, scope: Scope) -> Any:
    """Operators from left to right, in a loop: a sum may have thousands of terms."""
    first, links = spine(expr)
    value = evaluate(ctx, first, scope)
    for link in links:
        right = evaluate(ctx, link.right, scope)
        ctx.spend(size_of(right), link.span)
        value = operators.binary(ctx, link, value, right)
    return value


def _map(ctx: Context, expr: tree.MapExpr, scope: Scope) -> Any:
    values: dict[str, Any] = {}
    spans: dict[str, tuple[Span, Span]] = {}
    for entry in expr.entries:
        value = evaluate(ctx, entry.value, scope)
        if entry.key.id in values:
            ctx.report(names.key_twice(entry.key.id, entry.key.span, spans[entry.key.id][0]))
            value = UNKNOWN
        values[entry.key.id] = value
        spans.setdefault(entry.key.id, (entry.key.span, entry.value.span))
    if any(v is UNKNOWN for v in values.values()):
        return UNKNOWN
    return MapValue(tuple(values.items()), tuple(spans.values()))


def attribute(ctx: Context, expr: tree.Attribute, scope: Scope) -> Any:
    """`value.name`."""
    if _is_file_name(ctx, expr, scope):
        ctx.report(names.file_without_quotes(expr.span))
        return UNKNOWN
    return member(ctx, evaluate(ctx, expr.value, scope), expr.name, written_at(ctx, expr.value, scope))


def _is_file_name(ctx: Context, expr: tree.Attribute, scope: Scope) -> bool:
    """Whether somebody left out the quotes: `weights(resnet.pt)`."""
    stem = expr.value
    return isinstance(stem, tree.Ref) and expr.name.id in _ENDINGS and lookup(ctx, stem.id, scope) is MISSING
