"""Calls of definitions, ops, nets and views. Arguments are bound here; all that is wrong with them is said at once."""

from collections.abc import Sequence
from typing import Any

from attrs import evolve, field, frozen

from ssldsl.check import application, builtins, data, declarations, expressions, modules
from ssldsl.check.context import Context
from ssldsl.check.meanings import (
    UNKNOWN,
    Batch,
    Builtin,
    Constructor,
    Function,
    Items,
    Loss,
    LossPart,
    Net,
    OpRef,
    Settings,
    StreamRef,
    View,
    ViewPart,
    describe,
)
from ssldsl.check.nodes import Constant, Curve, Node, Setting
from ssldsl.check.scope import Scope
from ssldsl.errors import Note, did_you_mean
from ssldsl.ops.schema import check_settings
from ssldsl.ops.signature import Signature
from ssldsl.source import Span
from ssldsl.syntax import tree
from ssldsl.syntax.printer import print_expr
from ssldsl.types import Dim, TensorType

MAX_DEPTH = 40


@frozen
class Given:
    """One argument of a call, evaluated."""

    name: tree.Name | None
    value: Any
    span: Span = field(eq=False)


def call(ctx: Context, expr: tree.Call, scope: Scope) -> Any:
    """The meaning of `function(arguments)`; `x.f(y)` is `f(x, y)` where `x` has no attribute `f`."""
    first: list[Given] = []
    function = expr.function
    if isinstance(function, tree.Attribute):
        value = expressions.evaluate(ctx, function.value, scope)
        if value is UNKNOWN:
            _evaluate_all(ctx, expr.arguments, scope)
            return UNKNOWN
        if function.name.id in expressions.members(ctx, value):
            callee = expressions.member(ctx, value, function.name)
        else:
            callee = expressions.lookup(ctx, function.name.id, scope)
            first = [Given(None, value, function.value.span)]
            if callee is None:
                _unknown_method(ctx, value, function.name)
                return UNKNOWN
    else:
        callee = expressions.evaluate(ctx, function, scope)
    if isinstance(callee, Builtin) and callee.name == "draw":
        return builtins.draw(ctx, expr, scope)
    given = [*first, *_evaluate_all(ctx, expr.arguments, scope)]
    return invoke(ctx, callee, given, expr, scope)


def _unknown_method(ctx: Context, value: Any, name: tree.Name) -> None:
    known = {*expressions.members(ctx, value), *ctx.library.names(), *ctx.library.methods()}
    ctx.reporter.error(
        "N204",
        name.span,
        f"{describe(value)} has no attribute `{name.id}`, and no op is called so",
        "",
        help=did_you_mean(name.id, known),
    )


def _evaluate_all(ctx: Context, arguments: Sequence[tree.Argument], scope: Scope) -> list[Given]:
    return [
        Given(a.name, expressions.evaluate(ctx, a.value, scope), _written_at(ctx, a.value, scope)) for a in arguments
    ]


def _written_at(ctx: Context, expr: tree.Expr, scope: Scope) -> Span:
    """Where a person wrote an argument: inside a shipped definition, the argument that its parameter stands for."""
    if isinstance(expr, tree.Ref) and expr.span.source not in ctx.reporter.own:
        binding = scope.find(expr.id)
        if binding is not None and binding.span.source in ctx.reporter.own:
            return binding.span
    return expr.span


def invoke(ctx: Context, callee: Any, given: list[Given], expr: tree.Call, scope: Scope) -> Any:
    """Call a value that is already evaluated."""
    match callee:
        case Function():
            return _define_result(ctx, _call_def(ctx, callee, given, expr, scope), callee.definition.name.id, expr.span)
        case OpRef():
            result = _call_op(ctx, callee.signature, given, expr)
            return _define_result(ctx, result, callee.signature.name, expr.span)
        case Builtin():
            return _define_result(ctx, builtins.call(ctx, callee.name, given, expr.span), callee.name, expr.span)
        case Net() | View():
            if len(given) != 1 or given[0].name is not None:
                what = "a network" if isinstance(callee, Net) else "a view"
                ctx.reporter.error("T305", expr.span, f"{what} takes one argument, a batch", f"{len(given)} given here")
                return UNKNOWN
            if isinstance(callee, Net):
                return modules.apply(ctx, callee, given[0].value, expr.span)
            return application.view(ctx, callee, given[0].value, expr.span)
    if callee is not UNKNOWN:
        ctx.reporter.error("T313", expr.function.span, f"{describe(callee)} cannot be called", "")
    return UNKNOWN


def _define_result(ctx: Context, value: Any, name: str, span: Span) -> Any:
    """A single number is a loss term, called after the function that made it unless `as` names it."""
    if isinstance(value, Node) and _is_term(ctx, value):
        return Loss((LossPart(name, False, Constant(1.0), value, span),))
    if isinstance(value, Loss) and len(value.parts) == 1 and not value.parts[0].named:
        return Loss((evolve(value.parts[0], name=name, span=span),))
    if isinstance(value, Items):
        return Items(tuple(_define_result(ctx, v, name, span) for v in value.values))
    return value


def _is_term(ctx: Context, node: Node) -> bool:
    signature = ctx.signatures.get(node.op)
    is_metric = signature is not None and signature.role == "metrics"
    return isinstance(node.type, TensorType) and node.type.kind == "Scalar" and not is_metric


# --- definitions ------------------------------------------------------------------------------------------------


def _call_def(ctx: Context, function: Function, given: list[Given], expr: tree.Call, caller: Scope) -> Any:
    definition, name = function.definition, function.definition.name.id
    if name in ctx._depth or len(ctx._depth) > MAX_DEPTH:
        ctx.reporter.error(
            "N207",
            expr.span,
            f"`{name}` calls itself",
            "definitions are written out in place, so they cannot recur",
            notes=(Note(definition.name.span, "defined here"),),
        )
        return UNKNOWN
    inner = Scope(parent=function.scope, owner=name)
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
    return expressions.evaluate(ctx, definition.value, inner)


def _bind_parameters(
    ctx: Context, function: Function, given: list[Given], expr: tree.Call, caller: Scope, inner: Scope
) -> bool:
    definition = function.definition
    parameters = {p.name.id: p for p in definition.parameters}
    values: dict[str, Given] = {}
    good = True
    free = list(parameters)
    for argument in given:
        if argument.name is None:
            position = next((p for p in free if p not in values), None)
            if position is None:
                ctx.reporter.error(
                    "T305", argument.span, f"`{definition.name.id}` takes at most {len(free)} arguments", "one too many"
                )
                return False
            values[position] = argument
        elif argument.name.id not in parameters:
            ctx.reporter.error(
                "N203",
                argument.name.span,
                f"`{definition.name.id}` has no argument `{argument.name.id}`",
                "",
                help=did_you_mean(argument.name.id, parameters) or f"it takes: {', '.join(parameters)}",
            )
            good = False
        elif argument.name.id in values:
            ctx.reporter.error("T306", argument.name.span, f"`{argument.name.id}` is given twice", "the second time")
            good = False
        else:
            values[argument.name.id] = argument
    for name, parameter in parameters.items():
        if name in values:
            value = values[name].value
            good &= declarations.fits_type(ctx, parameter.type, value, values[name].span, name)
            inner.bind(name, value, values[name].span)
        else:
            value = _left_out(ctx, function, parameter, expr, caller, inner)
            inner.bind(name, value, parameter.name.span)
            good &= value is not UNKNOWN
    return good and not any(g.value is UNKNOWN for g in values.values())


def _left_out(
    ctx: Context, function: Function, parameter: tree.Parameter, expr: tree.Call, caller: Scope, inner: Scope
) -> Any:
    """What a parameter stands for where the call does not say: its default, read where a `using` parameter says."""
    name, definition = parameter.name.id, function.definition.name.id
    if not parameter.using and parameter.default is None:
        ctx.reporter.error(
            "T301",
            expr.span,
            f"`{definition}` needs `{name}`",
            f"`{name}` is missing",
            notes=(Note(parameter.span, "declared here"),) if parameter.span.source in ctx.reporter.own else (),
        )
        return UNKNOWN
    if not parameter.using:
        assert parameter.default is not None
        return expressions.evaluate(ctx, parameter.default, function.scope)
    default = parameter.default or tree.Ref(name, span=parameter.name.span)
    missing = [r for r in names_in(default) if expressions.lookup(ctx, r, caller) is None]
    if missing:
        _nothing_to_use(ctx, definition, name, default, missing[0], expr, caller)
        return UNKNOWN
    ctx.complete(expr.span, name, print_expr(default))
    with ctx.reporter.inside(expr.span):
        return expressions.evaluate(ctx, default, caller)


def _nothing_to_use(
    ctx: Context, definition: str, name: str, default: tree.Expr, missing: str, expr: tree.Call, caller: Scope
) -> None:
    nets = [n for n, b in _bindings(caller) if isinstance(b, tree.Declaration) and b.kind in ("net", "head")]
    given = ", ".join(a.value.span.text for a in expr.arguments)
    example = f"{definition}({given}, {name}={' >> '.join(nets) or 'my_net'})"
    ctx.reporter.error(
        "N208",
        expr.span,
        f"`{definition}` takes `{name} = {print_expr(default)}` from the place of its call, "
        f"and nothing here is called `{missing}`",
        "",
        help=f"declare `{missing}`, or pass it: `{example}`",
    )


def _bindings(scope: Scope) -> list[tuple[str, Any]]:
    found: dict[str, Any] = {}
    current: Scope | None = scope
    while current is not None:
        for name, binding in current.bindings.items():
            found.setdefault(name, binding.declaration)
        current = current.parent
    return list(found.items())


def names_in(expr: Any) -> list[str]:
    """Every name an expression refers to."""
    match expr:
        case tree.Ref():
            return [expr.id]
        case tree.Attribute():
            return names_in(expr.value)
        case tree.Call():
            return [*names_in(expr.function), *(n for a in expr.arguments for n in names_in(a.value))]
        case tree.ListExpr():
            return [n for item in expr.items for n in names_in(item)]
        case tree.MapExpr():
            return [n for entry in expr.entries for n in names_in(entry.value)]
        case tree.Binary():
            return [*names_in(expr.left), *names_in(expr.right)]
        case tree.Unary():
            return names_in(expr.operand)
        case tree.Named():
            return names_in(expr.value)
        case _:
            return []


# --- ops --------------------------------------------------------------------------------------------------------


def _call_op(ctx: Context, signature: Signature, given: list[Given], expr: tree.Call) -> Any:
    constructs = signature.role in ("views", "nets", "heads", "schedules", "optimizers") or _is_source(signature)
    through: list[Given] = []
    if signature.role in ("views", "nets", "heads") and given and given[0].name is None and _is_batch(given[0].value):
        through, given = given[:1], given[1:]
    edges = () if constructs else tuple(e.name for e in signature.edges)
    bound = _bind(ctx, signature, given, (*edges, *signature.sizes), expr)
    if bound is None:
        return UNKNOWN
    placed, rest = bound
    settings, problems = check_settings(
        signature,
        {n: (_plain(g.value), g.span) for n, g in rest.items()},
        expr.span,
        describe=describe,
        unknown=UNKNOWN,
    )
    for problem in problems:
        ctx.reporter.report(problem)
    if problems or any(g.value is UNKNOWN for g in given):
        return UNKNOWN
    _complete(ctx, signature, rest, settings, expr)
    values = tuple((s.name, settings[s.name]) for s in signature.settings)
    built = _construct(ctx, signature, placed, values, expr)
    if through and built is not UNKNOWN:
        if isinstance(built, View):
            return application.view(ctx, built, through[0].value, expr.span)
        return modules.apply(ctx, Net((built,)), through[0].value, expr.span)
    return built


def _is_source(signature: Signature) -> bool:
    return signature.role == "data" and not signature.edges


def _is_batch(value: Any) -> bool:
    return isinstance(value, Batch | StreamRef | Node) or (
        isinstance(value, Items) and any(isinstance(v, Batch | StreamRef | Node) for v in value.values)
    )


def _plain(value: Any) -> Any:
    """A list as a setting is a tuple."""
    if isinstance(value, Items):
        return tuple(_plain(v) for v in value.values)
    return value


def _complete(
    ctx: Context, signature: Signature, rest: dict[str, Given], settings: dict[str, Any], expr: tree.Call
) -> None:
    for spec in signature.settings:
        if spec.name not in rest:
            ctx.complete(expr.span, spec.name, literal(settings[spec.name]))


def literal(value: Setting) -> str:
    """A setting as the language writes it."""
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return f'"{value}"'
    if isinstance(value, tuple | list):
        return f"[{', '.join(literal(v) for v in value)}]"
    return repr(value) if isinstance(value, int | float) else str(value)


def _bind(
    ctx: Context, signature: Signature, given: list[Given], leading: tuple[str, ...], expr: tree.Call
) -> tuple[dict[str, Given], dict[str, Given]] | None:
    """Arguments by name: those of edges and sizes, and those of settings."""
    order = (*leading, *(s.name for s in signature.settings))
    placed: dict[str, Given] = {}
    rest: dict[str, Given] = {}
    position = 0
    for argument in given:
        if argument.name is None:
            if position >= len(order):
                ctx.reporter.error(
                    "T305",
                    argument.span,
                    f"`{signature.name}` takes at most {len(order)} arguments",
                    "one too many",
                    help=f"it takes: {', '.join(order)}" if order else "it takes none",
                )
                return None
            name = order[position]
            position += 1
        else:
            name = argument.name.id
        target = placed if name in leading else rest
        if name in placed or name in rest:
            span = argument.name.span if argument.name else argument.span
            ctx.reporter.error("T306", span, f"`{name}` of `{signature.name}` is given twice", "the second time")
            return None
        # an unknown name is for the settings' schema to refuse, and it points at the name
        target[name] = argument if argument.name is None or name in order else evolve(argument, span=argument.name.span)
    return placed, rest


def _construct(
    ctx: Context,
    signature: Signature,
    placed: dict[str, Given],
    values: tuple[tuple[str, Setting], ...],
    expr: tree.Call,
) -> Any:
    match signature.role:
        case "data" if _is_source(signature):
            return data.source(ctx, signature, values, expr.span)
        case "data":
            edge = signature.edges[0].name
            if edge not in placed:
                return _missing_edge(ctx, signature, edge, expr)
            return data.transform(ctx, signature, placed[edge].value, values, expr.span, placed[edge].span)
        case "views":
            return View((ViewPart(signature, values, expr.span),))
        case "nets" | "heads":
            return _constructor(ctx, signature, placed, values, expr)
        case "schedules":
            return Curve(signature.name, values, expr.span)
        case "optimizers":
            return Settings(signature.name, values, expr.span)
    for edge_ in signature.edges:
        if edge_.name not in placed and not edge_.optional:
            return _missing_edge(ctx, signature, edge_.name, expr)
    edges = {n: (g.value, g.span) for n, g in placed.items()}
    return application.op(ctx, signature, edges, values, expr.span)


def _missing_edge(ctx: Context, signature: Signature, edge: str, expr: tree.Call) -> Any:
    ctx.reporter.error("T301", expr.span, f"`{signature.name}` needs `{edge}`", f"`{edge}` is missing")
    return UNKNOWN


def _constructor(
    ctx: Context,
    signature: Signature,
    placed: dict[str, Given],
    values: tuple[tuple[str, Setting], ...],
    expr: tree.Call,
) -> Any:
    sizes = []
    for name, argument in placed.items():
        size = argument.value
        if isinstance(size, bool) or not isinstance(size, int | Dim) or (isinstance(size, int) and size < 1):
            ctx.reporter.error(
                "T302",
                argument.span,
                f"`{name}` of `{signature.name}` is a size, found {describe(size)}",
                "",
                help="write a whole number above 0, or a width such as `encoder.dim`",
            )
            return UNKNOWN
        sizes.append((name, Dim.of(size)))
    return Constructor(signature, tuple(sizes), values, expr.span)
