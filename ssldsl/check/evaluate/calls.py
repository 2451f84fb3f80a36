"""Calls of definitions, ops, nets and views. Arguments are bound here; all that is wrong with them is said at once."""

from collections.abc import Sequence
from typing import Any

from attrs import evolve

from ssldsl.check.apply import data, derived, further, networks, ops, transforms, words
from ssldsl.check.evaluate import definitions
from ssldsl.check.evaluate.names import MISSING, WORD_NAMES, lookup, member, members, written_at
from ssldsl.check.messages import names, types, warnings
from ssldsl.check.messages import values as messages
from ssldsl.check.state.context import Context
from ssldsl.check.state.scope import Scope
from ssldsl.check.state.values import (
    UNKNOWN,
    Average,
    Batch,
    Constructor,
    DataValue,
    Function,
    Given,
    ListValue,
    Loss,
    LossPart,
    NetList,
    Network,
    OpValue,
    Settings,
    StreamRef,
    TrainedNet,
    View,
    ViewPart,
    WordValue,
    describe,
)
from ssldsl.check.typing.advice import network_of_stage
from ssldsl.check.typing.binding import Parameters, bind
from ssldsl.errors import Diagnostic
from ssldsl.ir.nodes import Constant, Curve, Node, Setting
from ssldsl.ops.arguments import check_settings, constructs
from ssldsl.ops.signature import Signature
from ssldsl.source import Span
from ssldsl.syntax import tree
from ssldsl.types import Dim, TensorType
from ssldsl.values import is_number, literal


def call(ctx: Context, expr: tree.Call, scope: Scope) -> Any:
    """The meaning of `function(arguments)`; `x.f(y)` is `f(x, y)` where `x` has no attribute `f`."""
    first: list[Given] = []
    function = expr.function
    if isinstance(function, tree.Attribute):
        value = ctx.evaluate(function.value, scope)
        if value is UNKNOWN:
            _evaluate_all(ctx, expr.arguments, scope)
            return UNKNOWN
        if function.name.id in members(ctx, value):
            callee = member(ctx, value, function.name, function.value.span)
        else:
            callee = lookup(ctx, function.name.id, scope)
            first = [Given(None, value, function.value.span)]
            if callee is MISSING:
                _unknown_method(ctx, value, function.name)
                return UNKNOWN
    else:
        callee = ctx.evaluate(function, scope)
    if isinstance(callee, WordValue) and callee.name == "draw":
        return words.draw(ctx, expr, scope)
    if isinstance(callee, WordValue) and callee.name == "best":
        return words.best(ctx, expr, scope)
    with derived.reading(ctx, callee, recurs=any(a.name and a.name.id == derived.EVERY for a in expr.arguments)):
        given = [*first, *_evaluate_all(ctx, expr.arguments, scope)]
        return invoke(ctx, callee, given, expr, scope)


def _unknown_method(ctx: Context, value: Any, name: tree.Name) -> None:
    if ctx.is_incomplete:
        return
    known = {*members(ctx, value), *WORD_NAMES, *ctx.library.names(), *ctx.library.methods()}
    ctx.report(names.no_method(describe(value), name.id, name.span, known))


def _evaluate_all(ctx: Context, arguments: Sequence[tree.Argument], scope: Scope) -> list[Given]:
    return [
        Given(
            a.name,
            ctx.evaluate(a.value, scope),
            written_at(ctx, a.value, scope),
            tuple(item.span for item in a.value.items) if isinstance(a.value, tree.ListExpr) else (),
        )
        for a in arguments
    ]


def invoke(ctx: Context, callee: Any, given: list[Given], expr: tree.Call, scope: Scope) -> Any:
    """Call a value that is already evaluated."""
    match callee:
        case Function():
            return _define_result(
                ctx, definitions.call_definition(ctx, callee, given, expr, scope), callee.definition.name.id, expr.span
            )
        case OpValue():
            result = _call_op(ctx, callee.signature, given, expr)
            return _define_result(ctx, result, callee.signature.name, expr.span)
        case WordValue():
            result = words.call(ctx, callee.name, given, expr.span)
            is_named = callee.name in ("mean", "sum")  # after its losses, not after what reduces them
            return result if is_named else _define_result(ctx, result, callee.name, expr.span)
        case Network() | NetList() | Constructor() | View() | TrainedNet():
            return _go_through(ctx, callee, given, expr)
    if callee is not UNKNOWN:
        ctx.report(types.uncallable(describe(callee), expr.function.span, _uncallable_advice(callee, expr)))
    return UNKNOWN


def _go_through(
    ctx: Context, callee: Network | NetList | Constructor | View | TrainedNet, given: list[Given], expr: tree.Call
) -> Any:
    """What a view or a network makes of a batch; further inputs of a network have names."""
    batch, more = given[:1], given[1:]
    if not batch or any(g.name is not None for g in batch) or any(g.name is None for g in more):
        _not_one_batch(ctx, callee, given, expr)
        return UNKNOWN
    if isinstance(callee, View):
        if more:
            _not_one_batch(ctx, callee, given, expr)
            return UNKNOWN
        return ops.view(ctx, callee, batch[0].value, expr.span, at=batch[0].span)
    bound = further.bound(ctx, _network(callee), more, expr.function.span.text)
    if bound is None:
        return UNKNOWN
    if isinstance(callee, TrainedNet):
        return networks.apply_trained(ctx, callee, batch[0].value, expr.span, batch[0].span, bound)
    if isinstance(callee, NetList):
        return networks.apply_list(ctx, callee, batch[0].value, expr.span, batch[0].span, given=bound)
    return networks.apply(ctx, _network(callee), batch[0].value, expr.span, batch[0].span, given=bound)


def _network(callee: Network | NetList | Constructor | TrainedNet) -> Network:
    """The network that is called; of several alike, the first."""
    match callee:
        case NetList():
            return callee.nets[0]
        case TrainedNet():
            return _network(callee.net)
        case Constructor():
            return Network((callee,))
    return callee


def _uncallable_advice(callee: Any, expr: tree.Call) -> str:
    text = expr.function.span.text
    if said := network_of_stage(callee):
        return said
    if isinstance(callee, Average):
        return "declare it, `net teacher = ema(...)`, and use that name"
    if isinstance(callee, ListValue) and all(isinstance(item, Network) for item in callee.values):
        return "networks of a list are declared together and have one form: `head heads[5] = ...`"
    if isinstance(callee, StreamRef):
        return f"how many rows a step takes is said by `batch`, for example `batch = {{{text}: 64}}`"
    if is_number(callee) and expr.arguments:
        return f"a product has a sign: `{text}*{expr.arguments[0].value.span.text}`"
    return ""


def _not_one_batch(
    ctx: Context, callee: Network | NetList | Constructor | View | TrainedNet, given: list[Given], expr: tree.Call
) -> None:
    what = "a view" if isinstance(callee, View) else "a network"
    function, texts = expr.function.span.text, [g.span.text for g in given if g.name is None]
    help = ""
    takes = () if isinstance(callee, View) else further.taken(ctx, _network(callee))
    if len(texts) > 1 and takes:
        help = f"what else it takes has a name: `{function}({texts[0]}, {takes[0].name}={texts[1]})`"
    elif len(texts) > 1 and all(_is_batch(g.value) for g in given):
        help = f"join them: `{function}({' | '.join(texts)})`"
    elif len(texts) == len(given) == 2 and isinstance(given[1].value, int):
        help = f"several draws are `draw({texts[1]}, {function}({texts[0]}))`"
    ctx.report(messages.not_one_batch(what, len(given), expr.span, help))


def _define_result(ctx: Context, value: Any, name: str, span: Span) -> Any:
    """Losses, of rows or a single number, are a term called after the function that made it unless `as` names it."""
    if isinstance(value, Node) and _is_term(ctx, value):
        return Loss((LossPart(name, False, Constant(1.0), value, span),))
    if isinstance(value, Loss) and len(value.parts) == 1 and not value.parts[0].named:
        return Loss((evolve(value.parts[0], name=name, span=span),))
    if isinstance(value, ListValue):
        return ListValue(tuple(_define_result(ctx, v, name, span) for v in value.values))
    return value


def _is_term(ctx: Context, node: Node) -> bool:
    signature = ctx.signatures.get(node.op)
    is_metric = signature is not None and signature.role == "metrics"
    return isinstance(node.type, TensorType) and node.type.kind in ("Losses", "Scalar") and not is_metric


def _call_op(ctx: Context, signature: Signature, given: list[Given], expr: tree.Call) -> Any:
    if (wrong := _wrong_kind(ctx, signature, given, expr)) is not None:
        ctx.report(wrong)
        return UNKNOWN
    through = given[:1] if _goes_through(signature, given) else []
    given = given[len(through) :]
    edges = () if constructs(signature) else signature.edges
    leading = (*(e.name for e in edges), *signature.given_sizes)
    order = (*leading, *(s.name for s in signature.settings))
    required = tuple(e.name for e in edges if not e.optional)
    takes = Parameters(signature.name, order, required, is_open=True, example=_measured(signature, given))
    bound, is_good = bind(ctx, takes, given, expr.span)
    if not is_good:
        return UNKNOWN
    placed = {name: bound.pop(name) for name in leading if name in bound}
    settings = _settings(ctx, signature, bound, expr, is_sound=all(g.value is not UNKNOWN for g in given))
    if settings is None:
        return UNKNOWN
    built = _construct(ctx, signature, placed, settings, expr)
    if through and built is not UNKNOWN:
        if isinstance(built, View):
            return ops.view(ctx, built, through[0].value, expr.span)
        return networks.apply(ctx, Network((built,)), through[0].value, expr.span)
    return built


def _measured(signature: Signature, given: list[Given]) -> str:
    """How a metric of scores and labels is called, where it was given the samples alone."""
    is_of_labels = signature.role == "metrics" and [e.kind for e in signature.edges[1:2]] == ["Labels"]
    if not is_of_labels or len(given) != 1 or not isinstance(given[0].value, DataValue | StreamRef):
        return ""
    return f"{signature.name}(net({given[0].span.text}), {given[0].span.text}.label)"


def _goes_through(signature: Signature, given: list[Given]) -> bool:
    """Whether the first argument is what a view or a network is applied to: `flip(images)`, and not `flip(p=0.5)`."""
    has_place = bool(given) and given[0].name is None
    return has_place and signature.role in ("views", "nets", "heads") and _may_be_batch(signature, given[0].value)


def _wrong_kind(ctx: Context, signature: Signature, given: list[Given], expr: tree.Call) -> Diagnostic | None:
    """What is wrong with an argument of a kind that no op of this role takes."""
    is_of_data = bool(given) and isinstance(given[0].value, DataValue)
    if signature.role == "views" and is_of_data and not _goes_through(signature, given):
        return types.view_of_data(signature.name, describe(given[0].value), given[0].span)
    if signature.role == "schedules" and (tensor := next((g for g in given if _is_batch(g.value)), None)):
        return types.schedule_of_tensors(signature.name, describe(tensor.value), expr.span, _alike(ctx, signature))
    return None


def _settings(
    ctx: Context, signature: Signature, given: dict[str, Given], expr: tree.Call, *, is_sound: bool
) -> tuple[tuple[str, Any], ...] | None:
    """All settings, those left out by their defaults; nothing where any is wrong. `is_sound`: no argument is."""
    every = given.pop(derived.EVERY, None) if signature.derives else None
    settings, problems = check_settings(
        signature,
        {n: (_plain(g.value), g.span) for n, g in given.items()},
        expr.span,
        describe=describe,
        unknown=UNKNOWN,
        items={n: g.items for n, g in given.items()},
        unnamed={n for n, g in given.items() if g.name is None},
    )
    for problem in problems:
        ctx.reporter.report(problem)
    if problems or not is_sound:
        return None
    _complete(ctx, signature, given, settings, expr)
    values = tuple((s.name, settings[s.name]) for s in signature.settings)
    if every is None:
        return values
    place = next(a.value.span for a in expr.arguments if a.name and a.name.id == derived.EVERY)
    pace = derived.pace(ctx, every.value, place)
    return None if pace is None else (*values, (derived.EVERY, pace))


def _alike(ctx: Context, schedule: Signature) -> list[str]:
    """Ops of two tensors whose names hold that of a schedule: `negative_cosine_similarity`."""
    names = [name for name in ctx.library.names() if schedule.name in name.split("_")]
    found = [signature for name in names if (signature := ctx.library.get(name)) is not None]
    return sorted(s.name for s in found if s.role == "losses" and len(s.edges) == 2)


def _is_source(signature: Signature) -> bool:
    return signature.role == "data" and not signature.edges


def _may_be_batch(signature: Signature, value: Any) -> bool:
    """Whether the first argument is what goes through; of a view also where it is wrong itself, which was said."""
    return _is_batch(value) or (signature.role == "views" and value is UNKNOWN)


def _is_batch(value: Any) -> bool:
    return isinstance(value, Batch | StreamRef | Node) or (
        isinstance(value, ListValue) and any(isinstance(v, Batch | StreamRef | Node) for v in value.values)
    )


def _plain(value: Any) -> Any:
    """A list as a setting is a tuple."""
    if isinstance(value, ListValue):
        return tuple(_plain(v) for v in value.values)
    return value


def _complete(
    ctx: Context, signature: Signature, rest: dict[str, Given], settings: dict[str, Any], expr: tree.Call
) -> None:
    for spec in signature.settings:
        if spec.name not in rest:
            ctx.complete(expr.span, spec.name, literal(settings[spec.name]))


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
            given = {n: (g.value, g.span) for n, g in placed.items()}
            return transforms.transform(ctx, signature, given, values, expr.span)
        case "views":
            return View((ViewPart(signature, values, expr.span),))
        case "nets" | "heads":
            return _constructor(ctx, signature, placed, values, expr)
        case "schedules":
            _warn_of_no_change(ctx, signature, values, expr)
            return Curve(signature.name, values, expr.span)
        case "optimizers":
            return Settings(signature.name, values, expr.span)
    edges = {n: (g.value, g.span) for n, g in placed.items()}
    return ops.op(ctx, signature, edges, values, expr.span)


def _warn_of_no_change(
    ctx: Context, signature: Signature, values: tuple[tuple[str, Setting], ...], expr: tree.Call
) -> None:
    """Report a schedule that is 1 in every step."""
    flat = signature.traits.identity or {}
    still = next((name for name, value in values if name in flat and value == flat[name]), "")
    if still:
        ctx.report(warnings.unchanging(signature.name, still, dict(values)[still], expr.span))


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
            ctx.report(messages.no_size(signature.name, name, describe(size), argument.span))
            return UNKNOWN
        sizes.append((name, Dim.of(size)))
    return Constructor(signature, tuple(sizes), values, expr.span)
