"""Nets and heads: who owns which parameters, what goes in and what comes out."""

from collections.abc import Callable, Sequence
from typing import Any

from attrs import evolve

from ssldsl.check.apply import data, further, network_misfits, network_types
from ssldsl.check.apply.further import NO_FURTHER, Further
from ssldsl.check.messages import shapes, stages, types
from ssldsl.check.state.context import Context, ModuleDraft
from ssldsl.check.state.values import (
    UNKNOWN,
    Average,
    Batch,
    Beside,
    Constructor,
    DataValue,
    ListValue,
    NetList,
    NetPart,
    Network,
    StreamRef,
    TrainedNet,
    View,
    describe,
)
from ssldsl.check.typing import agreements, edges, row_order
from ssldsl.check.typing.sizes import unify
from ssldsl.ir.nodes import Mode, Node
from ssldsl.source import Span
from ssldsl.types import Dim, NetType, TensorType

JOINED = frozenset({"Features", "Embeddings", "Logits", "Vectors"})  # what networks side by side may give


def each(value: NetList, change: Callable[[Network], Network]) -> NetList:
    """The list with each of its networks changed in the same way."""
    return evolve(value, nets=tuple(map(change, value.nets)))


def best(ctx: Context, nets: NetList, by: str, span: Span) -> Any:
    """The network of a list whose items of a term are the lowest. They must be alike, since any may be it."""
    paths = [net.declared[-1].path for net in nets.nets]
    targets = {network_types.output_type(ctx, NetPart(path), ctx.modules[path].sizes) for path in paths}
    if len({target.dims[-1].value for target in targets if target.dims[-1].value is not None}) > 1:
        ctx.report(types.best_of_different(nets.path, sorted(shapes.written(t) for t in targets), span))
        return UNKNOWN
    return nets.nets[0].changed(lambda part: evolve(part, mode="best", by=by))


def apply_list(
    ctx: Context,
    nets: NetList,
    value: Any,
    span: Span,
    at: Span | None = None,
    weights: TrainedNet | None = None,
    given: Further = NO_FURTHER,
) -> Any:
    """What each network of a list gives: a list, which has a list for each where several batches go in."""
    results = tuple(apply(ctx, net, value, span, at, weights, given) for net in nets.nets)
    return UNKNOWN if any(result is UNKNOWN for result in results) else ListValue(results)


def apply(
    ctx: Context,
    net: Network,
    value: Any,
    span: Span,
    at: Span | None = None,
    weights: TrainedNet | None = None,
    given: Further = NO_FURTHER,
) -> Any:
    """The output of a net for a batch, a tensor, or every item of a list.

    at: where that is written. weights: those that an earlier stage left, instead of the present ones. given: further
    inputs, each for all parts that take one of its name.
    """
    if value is UNKNOWN:
        return UNKNOWN
    if isinstance(value, StreamRef | DataValue):
        value = data.read(ctx, value, at or span)
    if isinstance(value, ListValue) or any(
        isinstance(g.value, ListValue | StreamRef | DataValue) for g in given.values()
    ):
        return _apply_each(ctx, net, value, span, at, weights, given)
    if isinstance(value, Batch):
        value = value.input
    for part in net.parts:
        if value is UNKNOWN:
            return UNKNOWN
        if not isinstance(value, Node) or not isinstance(value.type, TensorType):
            help = "networks are put one after the other by `>>`: `encoder >> classes`" if _is_net(value) else ""
            help = "apply the view to a batch: `strong(unlabeled)`" if isinstance(value, View) else help
            ctx.report(types.no_batch_for_network(describe(value), span, help))
            return UNKNOWN
        if isinstance(part, Beside):
            value = _apply_beside(ctx, part, value, span, weights, given)
        else:
            value = _apply_part(ctx, part, value, span, weights, given)
    return value


def _apply_each(
    ctx: Context, net: Network, value: Any, span: Span, at: Span | None, weights: TrainedNet | None, given: Further
) -> Any:
    """What a net gives of every item of a list, with the item of each list among the further inputs."""
    callee = net.declared[0].path if net.declared else "a network"
    pairs = further.items(ctx, callee, value, given, span)
    if pairs is None:
        return UNKNOWN
    values = tuple(apply(ctx, net, each, span, at, weights, with_it) for each, with_it in pairs)
    if any(v is UNKNOWN for v in values):
        return UNKNOWN
    is_list = isinstance(value, ListValue) or len(values) > 1
    return ListValue(values) if is_list else values[0]


def _apply_beside(
    ctx: Context, beside: Beside, value: Node, span: Span, weights: TrainedNet | None, given: Further
) -> Any:
    """What networks give of the same rows, joined."""
    found = [apply(ctx, net, value, span, None, weights, given) for net in beside.nets]
    if any(each is UNKNOWN for each in found):
        return UNKNOWN
    types_ = [each.type for each in found]
    if any(t.kind not in JOINED or len(t.dims) != 2 or t.dims[0] != types_[0].dims[0] for t in types_):
        ctx.report(types.no_features_to_join(sorted({shapes.written(t) for t in types_}), span))
        return UNKNOWN
    width = Dim.of(0)
    for type_ in types_:
        width = width + type_.dims[-1]
    return ctx.interner.node(
        "beside",
        tuple(found),
        params=("values",) * len(found),
        type=TensorType("Features", (types_[0].dims[0], width)),
        rows=value.rows,
        spans=(span, *ctx.reporter.calls),
        grad_modules=frozenset[str]().union(*(each.grad_modules for each in found)),
    )


def _is_net(value: Any) -> bool:
    return isinstance(value, Network | Constructor | Average)


def _apply_part(
    ctx: Context, part: NetPart | Constructor, value: Node, span: Span, weights: TrainedNet | None, given: Further
) -> Any:
    if isinstance(part, Constructor):
        return _apply_constructor(ctx, part, value, span)
    if part.part:
        ctx.report(types.part_applied(f"{part.path}.{part.part}", part.path, span))
        return UNKNOWN
    if weights is None and not may_run(ctx, part.path, span):
        return UNKNOWN
    draft = ctx.modules[part.path]
    sizes = _sizes_of_input(ctx, part, value, span)
    if sizes is None:
        return UNKNOWN
    more = further.inputs(ctx, part.path, draft.signature, given, sizes, dict(draft.settings), span)
    if more is None:
        return UNKNOWN
    _keep_sizes(draft, sizes)
    node = network_types.net_node(ctx, part, weights)
    is_still = network_types.is_without_gradient(part, draft, weights)
    _note_forward(ctx, part, value, draft)
    reached = frozenset({part.path}).union(*(n.grad_modules for n in (value, *more.values())))
    forward = ctx.interner.node(
        "apply",
        (node, value, *more.values()),
        params=("net", "inputs", *more),
        type=network_types.output_type(ctx, part, sizes),
        rows=value.rows,
        spans=(span, *ctx.reporter.calls),
        grad_modules=frozenset() if is_still else reached,
    )
    further.remember(ctx, forward, part.path, draft.signature, sizes, dict(draft.settings))
    return forward


def _apply_constructor(ctx: Context, part: Constructor, value: Node, span: Span) -> Any:
    """A network that a chain makes without a name, which only one without weights can do without."""
    if part.signature.is_module and part.signature.sizes:
        is_applied = (part.span.start, part.span.end) == (span.start, span.end)
        ctx.report(types.network_without_name(part.signature.name, part.span, is_applied))
        return UNKNOWN
    return _apply_op(ctx, part, value, span)


def _sizes_of_input(ctx: Context, part: NetPart, value: Node, span: Span) -> dict[str, Dim] | None:
    """The sizes of a network with those that its input has; nothing once it is reported to be unfit."""
    draft = ctx.modules[part.path]
    signature, edge = draft.signature, draft.signature.edges[0]
    assert isinstance(value.type, TensorType)
    if not network_misfits.accepts(ctx, part.path, signature, value, draft, span):
        return None
    draft.sizes.update({name: network_types.resolved(ctx, size) for name, size in draft.sizes.items()})
    found = dict(draft.sizes)
    wrong = unify(edge.dims, value.type.dims, found, dict(draft.settings))
    if wrong:
        network_misfits.misfit(ctx, part.path, draft, value, wrong, span)
        return None
    if not row_order.stand_together(ctx, signature.name, edge.dims, value, found.get("batch"), span):
        return None
    return found


def _keep_sizes(draft: ModuleDraft, found: dict[str, Dim]) -> None:
    """Let a network be of the sizes that its inputs have."""
    for name in draft.signature.sizes:
        if name in found:
            draft.sizes.setdefault(name, found[name])


def with_mode(net: Network | NetList, mode: Mode) -> Any:
    """The network, run in another way. Parts without parameters have no ways of their own."""
    if isinstance(net, NetList):
        return each(net, lambda one: with_mode(one, mode))
    return net.changed(lambda part: evolve(part, mode=mode))


def _note_forward(ctx: Context, part: NetPart, value: Node, draft: ModuleDraft) -> None:
    """Remember what a network is applied to, where it matters whether several batches are seen as one."""
    if ctx.stage is None or ctx.stage.full_dataset or ctx.stage.watches or draft.average_of or part.mode == "rest":
        return
    forwards = ctx.stage.forwards.setdefault((part.path, part.mode), [])
    if value not in forwards:
        forwards.append(value)


def _apply_op(ctx: Context, part: Constructor, value: Node, span: Span) -> Any:
    """What comes out of a part without parameters, such as `l2norm()`."""
    signature, found, settings = part.signature, dict[str, Dim](), dict(part.settings)
    edge = signature.edges[0]
    node = edges.accept(ctx, signature, edge, value, span)
    if node is None or not edges.fits(ctx, signature, edge, node, found, settings, span):
        return UNKNOWN
    if not agreements.agree(ctx, signature, [node], [edge.name], {edge.name: (value, span)}, part.settings, span):
        return UNKNOWN
    return edges.result(ctx, signature, (node,), (edge.name,), part.settings, found, span)


def as_node(ctx: Context, value: Network | Constructor, span: Span) -> Node | None:
    """A network as a value that an op may call."""
    nodes = []
    for part in value.parts:
        if isinstance(part, Constructor):
            ctx.report(types.argument_without_name(part.signature.name, span, part.span))
            return None
        if isinstance(part, Beside):
            ctx.report(types.argument_of_several(span))
            return None
        if part.part:
            ctx.report(types.part_applied(f"{part.path}.{part.part}", part.path, span))
            return None
        wanted = next((e for e in ctx.modules[part.path].signature.edges[1:] if not e.optional), None)
        if wanted is not None:
            ctx.report(types.argument_wanting_more(part.path, wanted.name, span))
            return None
        nodes.append(network_types.net_node(ctx, part))
    return nodes[0] if len(nodes) == 1 else _composed(ctx, nodes, span)


def _composed(ctx: Context, nodes: Sequence[Node], span: Span) -> Node:
    """Networks one after the other, as one."""
    inner = [n.type for n in nodes if isinstance(n.type, NetType)]
    couples, source = any(t.couples_batch for t in inner), next((t.source for t in inner if t.source), None)
    return ctx.interner.node(
        "compose",
        tuple(nodes),
        params=("nets",) * len(nodes),
        type=NetType(source, inner[-1].target, couples),
        spans=(span,),
        grad_modules=frozenset[str]().union(*(n.grad_modules for n in nodes)),
    )


def apply_trained(ctx: Context, net: TrainedNet, value: Any, span: Span, at: Span, given: Further = NO_FURTHER) -> Any:
    """The output of a network with the weights that an earlier stage left."""
    if ctx.stage is None or not ctx.stage.derives:
        if value is not UNKNOWN:  # else it is wrong itself, perhaps for the same reason
            refuse(ctx, net, span)
        return UNKNOWN
    if isinstance(net.net, NetList):
        return apply_list(ctx, net.net, value, span, at, net, given)
    return apply(ctx, net.net, value, span, at, net, given)


def refuse(ctx: Context, net: TrainedNet, span: Span) -> None:
    """Report a network of an earlier stage in a loss or an evaluation."""
    ctx.report(stages.data_network_in_step(net.stage, net.span.text, span))


def may_run(ctx: Context, path: str, span: Span) -> bool:
    """Whether a network may run with its present weights: data are made before there are any."""
    if ctx.stage is None or not ctx.stage.derives or ctx.stage.recurs:
        return True
    ctx.report(stages.no_weights_yet(ctx.stage.derives, path, span))
    return False
