"""An op applied to values: lists item by item, data as batches, networks as nodes."""

from collections.abc import Iterator
from typing import Any

from ssldsl.check.apply import data, networks, views
from ssldsl.check.messages import types
from ssldsl.check.state.context import Context
from ssldsl.check.state.values import (
    UNKNOWN,
    Batch,
    Constructor,
    DataValue,
    ListValue,
    Loss,
    NetList,
    Network,
    StreamRef,
    TrainedNet,
    View,
    describe,
)
from ssldsl.check.typing import agreements, edges
from ssldsl.check.typing.agreements import Given
from ssldsl.check.typing.sizes import Sizes
from ssldsl.ir.nodes import Constant, Node, Setting
from ssldsl.ops.signature import Edge, Signature
from ssldsl.source import Span


def op(ctx: Context, signature: Signature, given: Given, settings: tuple[tuple[str, Setting], ...], span: Span) -> Any:
    """The op applied to its edges: a node, a batch for a NamedTuple result, or a list if an edge got a list."""
    given = {name: (_joined(ctx, value, place), place) for name, (value, place) in given.items()}
    lists = {
        name: value
        for name, (value, _) in given.items()
        if isinstance(value, ListValue) and not _takes_lists(signature, name)
    }
    if lists:
        return _each(ctx, signature, given, lists, settings, span)
    sizes: Sizes = {}
    inputs: list[Node] = []
    params: list[str] = []
    for edge, item, place in _items(signature, given):
        node = input(ctx, signature, edge, item, place)
        if node is None or not agreements.with_scores(ctx, signature, inputs, params, edge, node, place):
            return UNKNOWN
        if not edges.fits(ctx, signature, edge, node, sizes, dict(settings), place):
            return UNKNOWN
        inputs.append(node)
        params.append(edge.name)
    if not agreements.agree(ctx, signature, inputs, params, given, settings, span):
        return UNKNOWN
    if not _with_network(ctx, signature, inputs, params, given):
        return UNKNOWN
    return edges.result(ctx, signature, tuple(inputs), tuple(params), settings, sizes, span)


def _items(signature: Signature, given: Given) -> Iterator[tuple[Edge, Any, Span]]:
    """What each edge gets, one by one; an edge that may get none, and does, is left out."""
    for edge in (e for e in signature.edges if e.name in given):
        value, place = given[edge.name]
        if edge.optional and value is None:
            continue
        for item in value.values if edge.many and isinstance(value, ListValue) else (value,):
            yield edge, item, place


def _joined(ctx: Context, value: Any, span: Span) -> Any:
    """A join of streams as the list of its batches, a list of networks as a list; any other value as it is."""
    if isinstance(value, NetList):
        return ListValue(value.nets)
    if isinstance(value, StreamRef) and ctx.streams[value.name].parts:
        return data.read(ctx, value, span)
    return value


def _takes_lists(signature: Signature, name: str) -> bool:
    edge = signature.edge(name)
    return edge is not None and edge.many


def _each(
    ctx: Context, signature: Signature, given: Given, lists: dict[str, ListValue], settings: Any, span: Span
) -> Any:
    lengths = {len(items.values) for items in lists.values()}
    if len(lengths) > 1:
        said = ", ".join(f"`{name}` has {len(items.values)}" for name, items in lists.items())
        ctx.report(types.lists_of_different_lengths(signature.name, said, span))
        return UNKNOWN
    results = []
    for i in range(lengths.pop()):
        each = {n: (v.values[i] if n in lists else v, place) for n, (v, place) in given.items()}
        results.append(op(ctx, signature, each, settings, span))
    return UNKNOWN if any(r is UNKNOWN for r in results) else ListValue(tuple(results))


def input(ctx: Context, signature: Signature, edge: Edge, value: Any, span: Span) -> Node | None:
    """The node an edge gets, or nothing once the reason is reported."""
    if value is UNKNOWN:
        return None
    if edge.kind == "Net":
        if isinstance(value, TrainedNet):
            networks.refuse(ctx, value, span)
            return None
        if isinstance(value, Network | Constructor):
            return networks.as_node(ctx, value, span)
        edges.wrong_kind(ctx, signature, edge, describe(value), span)
        return None
    if isinstance(value, StreamRef | DataValue):
        value = data.read(ctx, value, span)
        if value is UNKNOWN:
            return None
    if isinstance(value, Loss) and len(value.parts) == 1 and value.parts[0].weight == Constant(1.0):
        value = value.parts[0].node
    return edges.accept(ctx, signature, edge, value, span)


def _with_network(ctx: Context, signature: Signature, inputs: list[Node], params: list[str], given: Given) -> bool:
    """A network that an op applies to one of its inputs must take it."""
    applied = dict(zip(params, inputs, strict=True)).get(signature.traits.applied_to)
    for edge in (e for e in signature.edges if e.kind == "Net" and e.name in params and applied is not None):
        net, span = given[edge.name]
        if networks.apply(ctx, net, applied, span) is UNKNOWN:
            return False
    return True


def view(ctx: Context, parts: View, value: Any, span: Span, at: Span | None = None) -> Any:
    """A view of a stream, a batch, an image tensor, or every item of a list. `at`: where that is written."""
    if value is UNKNOWN:
        return UNKNOWN
    if isinstance(value, StreamRef | DataValue):
        value = data.read(ctx, value, at or span)
    if isinstance(value, ListValue):
        values = tuple(view(ctx, parts, v, span, at) for v in value.values)
        return UNKNOWN if any(v is UNKNOWN for v in values) else ListValue(values)
    if isinstance(value, Node):
        value = Batch((("image", value),), "image", value.rows, value.alias or "this tensor", "")
    return views.view(ctx, parts, value, span, at=at)
