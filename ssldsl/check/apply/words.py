"""The words of the language that look like functions, a row each in `WORDS` at the end: `stop`, `mean`, `ema`, ..."""

from collections.abc import Callable, Mapping
from typing import Any

from attrs import frozen

from ssldsl.check.apply import algebra, data, networks, reductions
from ssldsl.check.messages import shapes, stages, types
from ssldsl.check.messages import values as messages
from ssldsl.check.state.context import Context
from ssldsl.check.state.scope import Scope
from ssldsl.check.state.values import (
    UNKNOWN,
    Average,
    Batch,
    Constructor,
    DataValue,
    Given,
    ListValue,
    Loss,
    NetList,
    Network,
    Settings,
    StageRef,
    StreamRef,
    TrainedNet,
    View,
    as_scalar,
    describe,
)
from ssldsl.check.typing.advice import network_of_stage
from ssldsl.check.typing.binding import Parameters, bind
from ssldsl.ir.nodes import Constant, Duration, Mode, Node
from ssldsl.ops.arguments import order_advice
from ssldsl.source import Span
from ssldsl.syntax import tree
from ssldsl.syntax.walk import dotted
from ssldsl.types import Dim, TensorType
from ssldsl.values import is_number, is_scalar


@frozen
class Word:
    """One word: its parameters in order, those that may be left out (given by their names), and what a call gives."""

    parameters: tuple[str, ...]
    optional: tuple[str, ...]
    give: Callable[[Context, dict[str, Given], Span], Any]


def call(ctx: Context, word: str, given: list[Given], span: Span) -> Any:
    """Call one of the words; `draw` is not among them, since it reads its argument several times."""
    row = WORDS[word]
    bound, is_good = bind(ctx, Parameters(word, row.parameters + row.optional, row.parameters), given, span)
    if not is_good or any(g.value is UNKNOWN for g in given):
        return UNKNOWN
    return row.give(ctx, bound, span)


def draw(ctx: Context, expr: tree.Call, scope: Scope) -> Any:
    """`draw(n, view(stream))`: n independent draws of the expression."""
    if len(expr.arguments) != 2 or any(a.name for a in expr.arguments):
        what = expr.arguments[0].value.span.text if len(expr.arguments) == 1 else "flip(unlabeled)"
        ctx.report(messages.draw_without_count(what, expr.span))
        return UNKNOWN
    count = ctx.evaluate(expr.arguments[0].value, scope)
    if count is UNKNOWN:
        return UNKNOWN
    if isinstance(count, bool) or not isinstance(count, int) or not 1 <= count <= 1000:
        ctx.report(messages.no_count_of_draws(count, describe(count), expr.arguments[0].value.span))
        return UNKNOWN
    if ctx.stage is None:
        ctx.report(types.draw_outside_of_steps(expr.span))
        return UNKNOWN
    results: list[Any] = []
    for i in range(count):
        with ctx.stage.within(f"draw{i}"):
            result = ctx.evaluate(expr.arguments[1].value, scope)
        if isinstance(result, View):
            ctx.report(types.view_drawn(expr.arguments[1].value.span))
            return UNKNOWN
        if result is UNKNOWN:
            return UNKNOWN
        results.append(data.read(ctx, result, expr.span) if isinstance(result, StreamRef) else result)
    return ListValue(tuple(results))


def best(ctx: Context, expr: tree.Call, scope: Scope) -> Any:
    """`best(heads, by=assign)`: of a list of networks the one that a term of the loss is lowest of, in an `eval`."""
    named = {a.name.id: a.value for a in expr.arguments if a.name is not None}
    given = [a.value for a in expr.arguments if a.name is None]
    by = dotted(named.get("by", expr))
    if len(given) != 1 or named.keys() != {"by"} or not by:
        ctx.report(messages.best_of_nothing(expr.span))
        return UNKNOWN
    if ctx.stage is None or not ctx.stage.full_dataset or ctx.stage.derives:
        ctx.report(stages.best_in_a_step(given[0].span.text, expr.span))
        return UNKNOWN
    nets = ctx.evaluate(given[0], scope)
    if not isinstance(nets, NetList):
        return _refuse(ctx, "best", "a list of networks, such as `head heads[5] = ...`", nets, given[0].span)
    if ctx.stage.lists is None:
        return UNKNOWN
    known = [term for term, path in ctx.stage.lists.items() if path == nets.path]
    if by not in known:
        ctx.report(stages.best_by_no_term(nets.path, by, known, named["by"].span))
        return UNKNOWN
    return networks.best(ctx, nets, by, expr.span)


def _tensors(ctx: Context, value: Any, span: Span) -> Any:
    """Streams and batches as tensors, lists as lists of tensors."""
    if isinstance(value, StreamRef | DataValue):
        value = data.read(ctx, value, span)
    if isinstance(value, ListValue):
        return ListValue(tuple(_tensors(ctx, v, span) for v in value.values))
    if isinstance(value, Loss) and len(value.parts) == 1 and value.parts[0].weight == Constant(1.0):
        return value.parts[0].node
    return value.input if isinstance(value, Batch) else value


def _stop(ctx: Context, bound: dict[str, Given], span: Span) -> Any:
    return _stopped(ctx, bound["value"].value, span)


def _stopped(ctx: Context, value: Any, span: Span) -> Any:
    value = _tensors(ctx, value, span)
    if isinstance(value, ListValue):
        return ListValue(tuple(_stopped(ctx, v, span) for v in value.values))
    if isinstance(value, Loss) and (total := algebra.total(ctx, value, span)) is not NotImplemented:
        value = total
    if isinstance(value, Network | Constructor):
        help = "a network without gradient is an average, `ema(net, half_life=1ep)`; of its output, `stop(net(x))`"
        return _refuse(ctx, "stop", "a tensor", value, span, help)
    if not isinstance(value, Node):
        return _refuse(ctx, "stop", "a tensor", value, span)
    return ctx.interner.node(
        "stop", (value,), params=("value",), type=value.type, rows=value.rows, spans=(span, *ctx.reporter.calls)
    )


def _refuse(ctx: Context, word: str, wanted: str, value: Any, span: Span, help: str = "") -> Any:
    if value is not UNKNOWN:
        help = help or network_of_stage(value)
        ctx.report(types.wrong_kind_for_word(word, wanted, describe(value), span, help))
    return UNKNOWN


def _concat(ctx: Context, bound: dict[str, Given], span: Span) -> Any:
    """Several batches or tensors as one, in order."""
    value = bound["values"].value
    if isinstance(value, StreamRef):
        value = data.read(ctx, value, span)
    items = value.values if isinstance(value, ListValue) else (value,)
    items = tuple(data.read(ctx, v, span) if isinstance(v, StreamRef | DataValue) else v for v in items)
    if any(v is UNKNOWN for v in items):
        return UNKNOWN
    if not items:
        return _refuse(ctx, "concat", "batches or tensors of one kind", value, span)
    if len(items) == 1:
        return items[0]
    if all(isinstance(v, Batch) for v in items):
        return _concat_batches(ctx, items, span)
    if all(isinstance(v, Node) for v in items):
        return _concat_nodes(ctx, items, span)
    wrong = next((v for v in items if not isinstance(v, Batch | Node)), items[0])
    help = "a list joined with others is one list: `concat(a | views)`" if isinstance(wrong, ListValue) else ""
    return _refuse(ctx, "concat", "batches or tensors of one kind", wrong, span, help)


def _concat_batches(ctx: Context, batches: tuple[Batch, ...], span: Span) -> Any:
    shared = [n for n, _ in batches[0].fields if all(b.get(n) is not None for b in batches)]
    rows = None
    if all(b.rows is not None for b in batches):
        rows = _concat_nodes(ctx, tuple(b.rows for b in batches), span)
    fields = []
    for name in shared:
        node = _concat_nodes(ctx, tuple(b.get(name) for b in batches), span, rows)
        if node is UNKNOWN:
            return UNKNOWN
        fields.append((name, node))
    name = " | ".join(dict.fromkeys(stream for b in batches for stream in b.stream.split(" | ")))
    removed = next((b.removed_at for b in batches if b.removed_at), None)
    return Batch(tuple(fields), batches[0].main, rows, name, batches[0].provenance, removed, batches[0].full_dataset)


def _concat_nodes(ctx: Context, nodes: tuple[Any, ...], span: Span, rows: Node | None = None) -> Any:
    found = [n.type for n in nodes]
    if ctx.stage is not None and not ctx.stage.full_dataset and len({t.is_of_batch for t in found}) > 1:
        ctx.report(types.rows_of_batch_and_memory(span))
        return UNKNOWN
    if len({(t.kind, t.dims[1:], t.classes) for t in found}) > 1:
        ctx.report(types.rows_of_different_shapes(sorted({shapes.written(t) for t in found}), span))
        return UNKNOWN
    total = Dim.of(0)
    for t in found:
        total = total + t.dims[0]
    return ctx.interner.node(
        "concat",
        nodes,
        params=("values",) * len(nodes),
        type=TensorType(found[0].kind, (total, *found[0].dims[1:]), found[0].classes),
        rows=rows,
        spans=(span, *ctx.reporter.calls),
        grad_modules=frozenset[str]().union(*(n.grad_modules for n in nodes)),
    )


def _list(ctx: Context, word: str, value: Any, span: Span) -> ListValue | None:
    """The list that a word takes apart, or nothing once it is reported that it is none."""
    if isinstance(value, StreamRef):
        value = data.read(ctx, value, span)
    if isinstance(value, ListValue):
        return value
    _refuse(ctx, word, "a list", value, span, "`draw(2, x)` and `a | b` are lists")
    return None


def _some(word: str) -> Callable[[Context, dict[str, Given], Span], Any]:
    """`first` or `last`: so many items as a list, or, without a count, the item itself."""

    def give(ctx: Context, bound: dict[str, Given], span: Span) -> Any:
        found = _list(ctx, word, bound["values"].value, span)
        if found is None:
            return UNKNOWN
        values = found.values
        if "count" not in bound:
            return values[0 if word == "first" else -1]
        count = bound["count"].value
        if isinstance(count, bool) or not isinstance(count, int) or not 1 <= count <= len(values):
            ctx.report(messages.no_count_of_items(word, len(values), describe(count), bound["count"].span))
            return UNKNOWN
        return ListValue(values[:count] if word == "first" else values[-count:])

    return give


def _swap(ctx: Context, bound: dict[str, Given], span: Span) -> Any:
    found = _list(ctx, "swap", bound["values"].value, span)
    return UNKNOWN if found is None else ListValue(found.values[::-1])


def _moded(mode: Mode) -> Callable[[Context, dict[str, Given], Span], Any]:
    """`rest` or `steady`: a network that runs otherwise than the stage trains it."""

    def give(ctx: Context, bound: dict[str, Given], span: Span) -> Any:
        net = bound["net"].value
        if isinstance(net, NetList) and net.mode in ("", mode):
            return networks.with_mode(net, mode)
        if not isinstance(net, Network) or not net.declared:
            help = "a network of an earlier stage is at rest anyway" if isinstance(net, TrainedNet) else ""
            return _refuse(ctx, mode, "a declared network", net, bound["net"].span, help)
        if net.mode not in ("", mode):
            return _refuse(ctx, mode, "a network that runs as usual", net, bound["net"].span)
        return networks.with_mode(net, mode)

    return give


def _ema(ctx: Context, bound: dict[str, Given], span: Span) -> Any:
    net = bound["net"].value
    if isinstance(net, Constructor) or not isinstance(net, Network) or net.mode:
        return _refuse(ctx, "ema", "a declared network", net, bound["net"].span)
    momentum, half_life = _one_of(ctx, "ema", bound, span)
    if momentum is UNKNOWN:
        return UNKNOWN
    return Average(net, momentum, half_life, span)


def _one_of(ctx: Context, word: str, bound: dict[str, Given], span: Span) -> tuple[Any, Any]:
    """`momentum` (a number or schedule in [0, 1]) or `half_life` (a duration): exactly one of them."""
    if ("momentum" in bound) == ("half_life" in bound):
        ctx.report(
            messages.momentum_or_half_life(
                word, bound["net"].span.text if "net" in bound else "", "momentum" in bound, span
            )
        )
        return UNKNOWN, None
    if "half_life" in bound:
        value = bound["half_life"].value
        if isinstance(value, Duration) and value.unit != "%" and value.value > 0:
            return None, value
        help = ""
        if bound["half_life"].name is None and is_number(value):
            help = order_advice(word, WORDS[word].parameters + WORDS[word].optional, ("momentum",), value)
        ctx.report(stages.no_duration("half_life", value, describe(value), bound["half_life"].span, help))
        return UNKNOWN, None
    value = bound["momentum"].value
    if not is_scalar(value):
        ctx.report(messages.no_momentum(describe(value), bound["momentum"].span))
        return UNKNOWN, None
    if is_number(value) and not 0 <= value <= 1:
        ctx.report(messages.momentum_out_of_range(value, bound["momentum"].span))
        return UNKNOWN, None
    return as_scalar(value), None


def _polyak(ctx: Context, bound: dict[str, Given], span: Span) -> Any:
    momentum, half_life = _one_of(ctx, "polyak", bound, span)
    if momentum is UNKNOWN:
        return UNKNOWN
    return Settings("polyak", (("half_life", half_life) if half_life else ("momentum", momentum),), span)


def _swa(ctx: Context, bound: dict[str, Given], span: Span) -> Any:
    values = []
    lengths = (("start", Duration(0, "it")), ("every", Duration(1, "ep")), ("statistics", Duration(1, "ep")))
    for name, default in lengths:
        value = bound[name].value if name in bound else default
        if not isinstance(value, Duration):
            ctx.report(stages.no_duration(name, value, describe(value), bound[name].span))
            return UNKNOWN
        if (value.unit == "%" and value.value > 100) or (name == "every" and value.value <= 0):
            limit = "longer than 0" if name == "every" and value.value <= 0 else "at most 100%"
            ctx.report(messages.average_out_of_range(name, limit, value, bound[name].span))
            return UNKNOWN
        values.append((name, value))
    return Settings("swa", tuple(values), span)


def _per_tensor(ctx: Context, bound: dict[str, Given], span: Span) -> Any:
    norm = bound["norm"]
    if is_number(norm.value) and norm.value > 0:
        return Settings("per_tensor", (("norm", float(norm.value)),), span)
    return _refuse(ctx, "per_tensor", "a number above 0, the largest norm of each gradient", norm.value, norm.span)


def _weights(ctx: Context, bound: dict[str, Given], span: Span) -> Any:
    wanted = {"file": "the name of a file", "key": "a key in the file", "prefix": "how the names in the file begin"}
    for name, given in bound.items():
        if not isinstance(given.value, str) or not given.value:
            return _refuse(ctx, "weights", wanted[name], given.value, given.span)
    return StageRef(**{name: given.value for name, given in bound.items()})


def _run(ctx: Context, bound: dict[str, Given], span: Span) -> Any:
    for name, given in bound.items():
        if not isinstance(given.value, str) or not given.value:
            return _refuse(ctx, "run", f"the name of a {name}", given.value, given.span)
    return StageRef(bound["stage"].value if "stage" in bound else "", run=bound["folder"].value)


def _reduced(word: str) -> Callable[[Context, dict[str, Given], Span], Any]:
    return lambda ctx, bound, span: reductions.reduce(ctx, word, bound["values"].value, span)


WORDS: Mapping[str, Word] = {
    "stop": Word(("value",), (), _stop),
    "mean": Word(("values",), (), _reduced("mean")),
    "sum": Word(("values",), (), _reduced("sum")),
    "concat": Word(("values",), (), _concat),
    "first": Word(("values",), ("count",), _some("first")),
    "last": Word(("values",), ("count",), _some("last")),
    "swap": Word(("values",), (), _swap),
    "rest": Word(("net",), (), _moded("rest")),
    "steady": Word(("net",), (), _moded("steady")),
    "ema": Word(("net",), ("momentum", "half_life"), _ema),
    "polyak": Word((), ("half_life", "momentum"), _polyak),
    "swa": Word((), ("start", "every", "statistics"), _swa),
    "weights": Word(("file",), ("key", "prefix"), _weights),
    "run": Word(("folder",), ("stage",), _run),
    "per_tensor": Word(("norm",), (), _per_tensor),
}
