"""An op applied to values: kinds, shapes, gradients, rows. Every edge of the graph is typed here."""

from typing import Any

from ssldsl.check import agreements, data, derived, modules
from ssldsl.check.advice import kind_advice
from ssldsl.check.agreements import Given
from ssldsl.check.context import Context
from ssldsl.check.meanings import (
    UNKNOWN,
    Batch,
    Constructor,
    Data,
    Items,
    Loss,
    Net,
    StreamRef,
    TrainedNet,
    ViewPart,
    describe,
)
from ssldsl.check.nodes import Constant, Node, Setting
from ssldsl.errors import Note
from ssldsl.ops.signature import Edge, Output, Signature
from ssldsl.source import Span
from ssldsl.types import ACCEPTS, ROWS, Dim, TensorType, TupleType, parse_dim, solve_dim

Sizes = dict[str, Dim]


def op(ctx: Context, signature: Signature, given: Given, settings: tuple[tuple[str, Setting], ...], span: Span) -> Any:
    """The op applied to its edges: a node, a batch for a NamedTuple result, or a list if an edge got a list."""
    given = {name: (_joined(ctx, value, place), place) for name, (value, place) in given.items()}
    lists = {
        name: value
        for name, (value, _) in given.items()
        if isinstance(value, Items) and not _takes_lists(signature, name)
    }
    if lists:
        return _each(ctx, signature, given, lists, settings, span)
    sizes: Sizes = {}
    inputs: list[Node] = []
    params: list[str] = []
    for edge in signature.edges:
        value, place = given.get(edge.name, (None, span))
        if edge.name not in given or (edge.optional and value is None):
            continue
        for item in value.values if edge.many and isinstance(value, Items) else (value,):
            node = input(ctx, signature, edge, item, place)
            if node is None or not agreements.with_scores(ctx, signature, inputs, params, edge, node, place):
                return UNKNOWN
            if not fits(ctx, signature, edge, node, sizes, dict(settings), place):
                return UNKNOWN
            inputs.append(node)
            params.append(edge.name)
    if not agreements.agree(ctx, signature, inputs, params, given, settings, span):
        return UNKNOWN
    if not _with_network(ctx, signature, inputs, params, given):
        return UNKNOWN
    return _result(ctx, signature, tuple(inputs), tuple(params), settings, sizes, span)


def _joined(ctx: Context, value: Any, span: Span) -> Any:
    """A join of streams as the list of its batches; any other value as it is."""
    if isinstance(value, StreamRef) and ctx.streams[value.name].parts:
        return data.read(ctx, value, span)
    return value


def _takes_lists(signature: Signature, name: str) -> bool:
    edge = signature.edge(name)
    return edge is not None and edge.many


def _each(ctx: Context, signature: Signature, given: Given, lists: dict[str, Items], settings: Any, span: Span) -> Any:
    lengths = {len(items.values) for items in lists.values()}
    if len(lengths) > 1:
        said = ", ".join(f"`{name}` has {len(items.values)}" for name, items in lists.items())
        ctx.reporter.error("T314", span, f"`{signature.name}` gets lists of different lengths: {said}", "")
        return UNKNOWN
    results = []
    for i in range(lengths.pop()):
        each = {n: (v.values[i] if n in lists else v, place) for n, (v, place) in given.items()}
        results.append(op(ctx, signature, each, settings, span))
    return UNKNOWN if any(r is UNKNOWN for r in results) else Items(tuple(results))


def input(ctx: Context, signature: Signature, edge: Edge, value: Any, span: Span) -> Node | None:
    """The node an edge gets, or nothing once the reason is reported."""
    if value is UNKNOWN:
        return None
    if edge.kind == "Net":
        if isinstance(value, TrainedNet):
            derived.refuse(ctx, value, span)
            return None
        if isinstance(value, Net | Constructor):
            return modules.as_node(ctx, value, span)
        _wrong_kind(ctx, signature, edge, describe(value), span)
        return None
    if isinstance(value, StreamRef | Data):
        value = data.read(ctx, value, span)
        if value is UNKNOWN:
            return None
    if isinstance(value, Loss) and len(value.parts) == 1 and value.parts[0].weight == Constant(1.0):
        value = value.parts[0].node
    if isinstance(value, Batch):
        if edge.kind == "Labels":
            if value.get("label") is None:
                data.no_label(ctx, value, span)
                return None
            _wrong_kind(ctx, signature, edge, describe(value), span, f"pass its labels: `{span.text}.label`")
            return None
        value = value.input
    if not isinstance(value, Node) or not isinstance(value.type, TensorType):
        _wrong_kind(ctx, signature, edge, describe(value), span)
        return None
    if value.type.kind not in ACCEPTS[edge.kind]:
        _wrong_kind(ctx, signature, edge, str(value.type), span, kind_advice(ctx, edge.kind, value.type.kind, span))
        return None
    if edge.detached and value.live:
        ctx.reporter.error(
            "D402",
            span,
            f"`{edge.name}` of `{signature.name}` is a target and must not carry gradient",
            f"its gradient reaches {_names(value.live)}",
            help=f"detach it: `stop({span.text})`",
        )
        return None
    return value


def _names(names: frozenset[str]) -> str:
    return ", ".join(f"`{n}`" for n in sorted(names))


def _wrong_kind(ctx: Context, signature: Signature, edge: Edge, found: str, span: Span, help: str = "") -> None:
    """Report a value of a kind that an edge does not take."""
    wanted = f"{edge.kind}[{', '.join(edge.dims)}]" if edge.dims else {"Net": "a network"}.get(edge.kind, edge.kind)
    ctx.reporter.error(
        "T310", span, f"`{signature.name}` expects {wanted} for `{edge.name}`, found {found}", "", help=help
    )


def fits(
    ctx: Context, signature: Signature, edge: Edge, node: Node, sizes: Sizes, settings: dict[str, Setting], span: Span
) -> bool:
    if edge.kind == "Net":
        return True
    assert isinstance(node.type, TensorType)
    wrong = unify(edge.dims, node.type.dims, sizes, settings)
    if wrong:
        ctx.reporter.error(
            "T311",
            span,
            f"`{signature.name}` expects {edge.kind}[{', '.join(edge.dims)}] for `{edge.name}`, found {node.type}",
            wrong,
            hints=symbols(node.type, sizes),
            help=agreements.shape_advice(edge, node.type),
        )
    return not wrong


def symbols(type_: TensorType, sizes: Sizes) -> tuple[str, ...]:
    """What the symbols in place of sizes stand for."""
    found = sorted({s for d in (*type_.dims, *sizes.values()) for s in d.symbols})
    rows = [f"{s} is the number of rows that a step draws from `{s[2:]}`" for s in found if s.startswith(ROWS)]
    return (*rows, *(f"{s} is known only from the data" for s in found if not s.startswith(ROWS)))


def unify(dims: tuple[str, ...], found: tuple[Dim, ...], sizes: Sizes, settings: dict[str, Setting]) -> str:
    """Bind the names in `dims` to the sizes found, or say why they do not agree. After `...` anything may come."""
    if "..." in dims:
        dims = dims[: dims.index("...")]
        found = found[: len(dims)]
    if len(dims) != len(found):
        return f"{len(found)} dimensions where {len(dims)} are wanted"
    for text, size in zip(dims, found, strict=True):
        if text.isidentifier() and text not in sizes:
            sizes[text] = size
            continue
        wanted = size_of(text, sizes, settings)
        if wanted is None and (why := _solve(text, size, sizes, settings)):
            return why
        if wanted is not None and wanted != size:
            return f"`{text}` is {wanted}, and here {size}"
    return ""


def _solve(text: str, size: Dim, sizes: Sizes, settings: dict[str, Setting]) -> str:
    """Bind the one name without a size in `{views}*batch`, or say why it can have none."""
    try:
        solution = solve_dim(text, size, sizes.__getitem__, lambda name: _number(settings[name]))
    except KeyError:
        return ""
    if solution is None:
        return ""
    name, found = solution
    if found is None:
        factor = size_of(text, {**sizes, name: Dim.of(1)}, settings)
        return f"{size} is no multiple of {factor}"
    sizes[name] = found
    return ""


def size_of(text: str, sizes: Sizes, settings: dict[str, Setting]) -> Dim | None:
    """A dimension expression in numbers, or nothing where a name in it has no size yet.

    In braces a name is a setting before it is a size: the `width` of a network is not that of an image.
    """

    def number(name: str) -> Dim | int:
        return sizes[name] if name in sizes else _number(settings[name])

    def setting(name: str) -> Dim | int:
        return _number(settings[name]) if name in settings else sizes[name]

    try:
        return parse_dim(text, number, setting)
    except KeyError:
        return None


def _with_network(ctx: Context, signature: Signature, inputs: list[Node], params: list[str], given: Given) -> bool:
    """A network that an op applies to one of its inputs must take it."""
    applied = dict(zip(params, inputs, strict=True)).get(signature.facts.applied_to)
    for edge in (e for e in signature.edges if e.kind == "Net" and e.name in params and applied is not None):
        net, span = given[edge.name]
        if modules.apply(ctx, net, applied, span) is UNKNOWN:
            return False
    return True


def _number(value: Setting) -> Dim | int:
    """A setting that is a size; `KeyError` for any other."""
    if isinstance(value, bool) or not isinstance(value, int | Dim):
        raise KeyError(value)
    return value


def _result(
    ctx: Context,
    signature: Signature,
    inputs: tuple[Node, ...],
    params: tuple[str, ...],
    settings: tuple[tuple[str, Setting], ...],
    sizes: Sizes,
    span: Span,
) -> Any:
    outputs = tuple((o.name, type(o, sizes, dict(settings))) for o in signature.outputs) or (
        ("", TensorType("Values", ())),
    )
    live = frozenset[str]().union(*(n.live for n, p in zip(inputs, params, strict=True)))
    first = outputs[0][1]
    known = [n for n in inputs if n.rows is not None]
    kept = next((n for n in known if _same_rows(n, first)), None)
    rows = kept.rows if kept else None
    draw = ""
    if signature.role == "memory":
        if not may_remember(ctx, signature, span):
            return UNKNOWN
        assert ctx.stage is not None
        draw, live = ctx.stage.fresh_draw(signature.name), frozenset()
    if signature.uses_rng:
        rows = _rows_of(ctx, kept or known[0], span) if known else None
        if not may_draw(ctx, signature, rows, span):
            return UNKNOWN
        assert ctx.stage is not None
        draw = ctx.stage.fresh_draw(signature.name)
    single = len(outputs) == 1 and outputs[0][0] == ""
    node = ctx.interner.node(
        signature.name,
        inputs,
        params=params,
        settings=settings,
        draw=draw,
        rows=rows,
        spans=(span, *ctx.reporter.calls),
        type=first if single else TupleType(outputs),
        live=frozenset() if first.kind == "Labels" else live,
    )
    return node if single else Batch(tuple(fields_of(ctx, node)), outputs[0][0], rows, signature.name, "")


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
        "repeat",
        (node,),
        params=("value",),
        settings=(("times", times),),
        spans=(span, *ctx.reporter.calls),
        type=TensorType(node.type.kind, (node.type.dims[0] * times, *node.type.dims[1:]), node.type.classes),
        live=node.live,
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
    always = f"`{derives}` must give the same data" if derives else "an eval must give the same result"
    ctx.reporter.error(
        "D409",
        at or span,
        f"`{signature.name}` is random, and {always} every time",
        "" if at else "drawn here",
        notes=(Note(span, "drawn here"),) if at else (),
        help="leave out the random views"
        if derives
        else "evaluate on the data without random views, for example `images.test`",
    )
    return False


def may_remember(ctx: Context, signature: Signature, span: Span) -> bool:
    """Whether this is a place where steps pass, which is what a memory remembers."""
    if ctx.stage is not None and not ctx.stage.whole:
        return True
    ctx.reporter.error(
        "D421",
        span,
        f"`{signature.name}` remembers training steps, and {'an eval is none' if ctx.stage else 'there are none here'}",
        "",
        help="a memory belongs in a loss, or in a `let` that a loss reads",
    )
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
                rows=node.rows,
                spans=node.spans,
                live=frozenset() if type_.kind == "Labels" else node.live,
            ),
        )
        for name, type_ in node.type.fields
    ]


def type(output: Output, sizes: Sizes, settings: dict[str, Setting]) -> TensorType:
    dims = (size_of(text, sizes, settings) for text in output.dims)
    return TensorType(
        output.kind, tuple(d if d is not None else Dim.of(t) for d, t in zip(dims, output.dims, strict=True))
    )


def _nth(parts: tuple[ViewPart, ...]) -> str:
    """What the last of these parts of a view is called: its op, and the second `shift` is `shift#2`."""
    name = parts[-1].signature.name
    count = sum(part.signature.name == name for part in parts)
    return name if count == 1 else f"{name}#{count}"
