"""Calls of definitions: parameters bound, what is left out read at the call, the body written out in place."""

import re
from typing import Any

from ssldsl.check.evaluate import declarations
from ssldsl.check.evaluate.names import MISSING, in_library, lookup, read_ref
from ssldsl.check.messages import names, types
from ssldsl.check.state.context import Context
from ssldsl.check.state.scope import Scope
from ssldsl.check.state.values import (
    UNKNOWN,
    Average,
    Constructor,
    Function,
    Given,
    NetList,
    Network,
    TrainedNet,
    describe,
)
from ssldsl.check.typing.binding import Parameters, bind
from ssldsl.syntax import tree
from ssldsl.syntax.printer import print_expr
from ssldsl.syntax.walk import refs

CALL = 100  # units of the budget: a call takes about as long as reading so many numbers


def call_definition(ctx: Context, function: Function, given: list[Given], expr: tree.Call, caller: Scope) -> Any:
    definition, name = function.definition, function.definition.name.id
    ctx.spend(CALL, expr.span)
    if name in ctx._depth:
        ctx.report(names.calls_itself(name, expr.span, definition.name.span))
        return UNKNOWN
    inner = Scope(parent=function.scope, owner=name, update=ctx.stage.update if ctx.stage is not None else None)
    if not _bind_parameters(ctx, function, given, expr, caller, inner):
        return UNKNOWN
    ctx._depth.append(name)
    try:
        with ctx.reporter.inside(expr.span):
            if ctx.stage is None:
                return _body(ctx, definition, inner)
            with ctx.stage.within(name):
                return _body(ctx, definition, inner)
    finally:
        ctx._depth.pop()


def _body(ctx: Context, definition: tree.Def, inner: Scope) -> Any:
    declarations.declare(ctx, definition.body, inner)
    declarations.read_all(ctx, inner)
    return ctx.evaluate(definition.value, inner)


def _bind_parameters(
    ctx: Context, function: Function, given: list[Given], expr: tree.Call, caller: Scope, inner: Scope
) -> bool:
    definition = function.definition
    parameters = {p.name.id: p for p in definition.parameters}
    required = tuple(name for name, p in parameters.items() if not p.using and p.default is None)
    declared = {n: p.span for n, p in parameters.items() if p.span.source in ctx.reporter.own}
    takes = Parameters(definition.name.id, tuple(parameters), required, declared=declared)
    values, is_bound = bind(ctx, takes, given, expr.span)
    good = is_bound
    for name, parameter in parameters.items():
        if name in values:
            value = values[name].value
            good &= declarations.fits_type(ctx, parameter.type, value, values[name].span, name)
            good &= _accepts_using_network(ctx, function, parameter, values[name], caller)
            inner.bind(name, value, values[name].span)
        elif not is_bound:
            inner.bind(name, UNKNOWN, parameter.name.span)  # perhaps given under a wrong name, which is reported
        else:
            value = _left_out(ctx, function, parameter, expr, caller, inner)
            if parameter.default is not None:
                good &= declarations.fits_type(ctx, parameter.type, value, parameter.default.span, name)
            inner.bind(name, value, parameter.name.span)
            good &= value is not UNKNOWN
    return good and not any(g.value is UNKNOWN for g in values.values())


def _accepts_using_network(
    ctx: Context, function: Function, parameter: tree.Parameter, given: Given, caller: Scope
) -> bool:
    """Refuse a non-network for a `using` parameter whose default is a network."""
    networks = Network | NetList | Constructor | Average | TrainedNet
    default = parameter.default or tree.Ref(parameter.name.id, span=parameter.name.span)
    if not parameter.using or given.value is UNKNOWN or isinstance(given.value, networks):
        return True
    is_chain = isinstance(default, tree.Binary) and default.op == ">>"  # as networks are, whatever their names
    if any(lookup(ctx, r, caller) is MISSING for r in _names(default)):
        if not is_chain:
            return True
    elif not isinstance(ctx.evaluate(default, caller), networks):
        return True
    name, definition = parameter.name.id, function.definition.name.id
    takes = [p.name.id for p in function.definition.parameters]
    left_out = f"{'what is called ' if parameter.default is None else ''}`{print_expr(default)}`"
    ctx.report(types.network_wanted(definition, name, describe(given.value), takes, left_out, given.span))
    return False


def _left_out(
    ctx: Context, function: Function, parameter: tree.Parameter, expr: tree.Call, caller: Scope, inner: Scope
) -> Any:
    """What a parameter stands for where the call does not say: its default, read where a `using` parameter says."""
    name, definition = parameter.name.id, function.definition.name.id
    if not parameter.using:
        assert parameter.default is not None
        return ctx.evaluate(parameter.default, inner)  # it may name parameters before it
    default = parameter.default or tree.Ref(name, span=parameter.name.span)
    missing = [r for r in _names(default) if lookup(ctx, r, caller) is MISSING]
    if missing:
        _nothing_to_use(ctx, definition, name, default, missing[0], expr, caller)
        return UNKNOWN
    ctx.complete(expr.span, name, print_expr(default))
    with ctx.reporter.inside(expr.span):
        return ctx.evaluate(default, caller)


def _nothing_to_use(
    ctx: Context, definition: str, name: str, default: tree.Expr, missing: str, expr: tree.Call, caller: Scope
) -> None:
    nets = [n for n, b in _bindings(caller) if isinstance(b, tree.Declaration) and b.kind in ("net", "head")]
    given = ", ".join(a.value.span.text for a in expr.arguments)
    whole = print_expr(default)
    others = [n for n in nets if n not in _names(default)]
    for absent in (n for n in _names(default) if n not in nets):
        whole = re.sub(rf"\b{absent}\b", others.pop(0) if others else f"my_{absent}", whole)
    example = f"{definition}({given}, {name}={whole})"
    ctx.report(names.nothing_to_use(definition, name, print_expr(default), missing, example, expr.span))


def _bindings(scope: Scope) -> list[tuple[str, Any]]:
    found: dict[str, Any] = {}
    current: Scope | None = scope
    while current is not None:
        for name, binding in current.bindings.items():
            found.setdefault(name, binding.declaration)
        current = current.parent
    return list(found.items())


def _names(expr: tree.Expr) -> list[str]:
    return [ref.id for ref in refs(expr)]


def read_names(ctx: Context, file: tree.File, scope: Scope) -> None:
    """Report names inside definitions that nothing has, also of definitions that nothing calls."""
    for statement in file.statements:
        if not isinstance(statement, tree.Def):
            continue
        inside = [statement.value, *(s.value for s in statement.body if isinstance(s, tree.Declaration))]
        own = {p.name.id for p in statement.parameters}
        own |= {s.name.id for s in statement.body if isinstance(s, tree.Declaration)}
        for ref in (r for e in inside for r in refs(e)):
            if ref.id not in own and scope.find(ref.id) is None and not in_library(ctx, ref.id):
                read_ref(ctx, ref, scope)
