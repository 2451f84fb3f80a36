"""Networks with several inputs, `encoder(x, mask=m)`, and several outputs, `encoder(x).tokens`."""

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from ssldsl.check.apply import data
from ssldsl.check.messages import names, types
from ssldsl.check.messages import values as messages
from ssldsl.check.state.context import Context
from ssldsl.check.state.values import (
    UNKNOWN,
    Beside,
    Constructor,
    DataValue,
    Given,
    ListValue,
    NetPart,
    Network,
    StreamRef,
)
from ssldsl.check.typing import edges
from ssldsl.check.typing.sizes import REST, Sizes, between, size_of
from ssldsl.ir.nodes import Node, Setting
from ssldsl.ops.signature import Edge, Output, Signature
from ssldsl.source import Span
from ssldsl.types import WHOLE_NUMBERS, Dim, TensorType

Further = Mapping[str, Given]  # further inputs of a call, by name
NO_FURTHER: Further = MappingProxyType({})


def taken(ctx: Context, net: Network) -> tuple[Edge, ...]:
    """The further inputs that the parts of a network take."""
    return tuple(edge for part in net.parts for edge in _taken_by(ctx, part))


def _taken_by(ctx: Context, part: NetPart | Constructor | Beside) -> Iterator[Edge]:
    if isinstance(part, Beside):
        yield from (edge for net in part.nets for edge in taken(ctx, net))
    else:
        signature = part.signature if isinstance(part, Constructor) else ctx.modules[part.path].signature
        yield from signature.edges[1:]


def bound(ctx: Context, net: Network, given: Sequence[Given], callee: str) -> Further | None:
    """The further inputs of a call by name, or nothing once it is reported what is wrong with them."""
    found: dict[str, Given] = {}
    known = tuple(dict.fromkeys(edge.name for edge in taken(ctx, net)))
    for each in given:
        assert each.name is not None
        if each.name.id not in known:
            ctx.report(names.no_argument(callee, each.name.id, known, each.name.span))
            return None
        if each.name.id in found:
            ctx.report(messages.given_twice(callee, each.name.id, each.name.span))
            return None
        found[each.name.id] = each
    return None if any(each.value is UNKNOWN for each in given) else found


def items(ctx: Context, callee: str, value: Any, further: Further, span: Span) -> list[tuple[Any, Further]] | None:
    """What goes in item by item, where a list does; nothing once it is reported that lists differ in length."""
    read = {name: _as_list(ctx, each.value, each.span) for name, each in further.items()}
    lists = {name: each.values for name, each in {"": value, **read}.items() if isinstance(each, ListValue)}
    counts = {len(values) for values in lists.values()}
    if len(counts) > 1:
        said = ", ".join(f"{f'`{name}`' if name else 'its input'} has {len(v)}" for name, v in lists.items())
        ctx.report(types.lists_of_different_lengths(callee, said, span))
        return None

    def at(i: int, name: str, each: Any) -> Any:
        return lists[name][i] if name in lists else each

    return [
        (
            at(i, "", value),
            {name: Given(each.name, at(i, name, read[name]), each.span) for name, each in further.items()},
        )
        for i in range(counts.pop() if counts else 1)
    ]


def _as_list(ctx: Context, value: Any, span: Span) -> Any:
    """Streams and data as batches: a stream of several parts is a list."""
    return data.read(ctx, value, span) if isinstance(value, StreamRef | DataValue) else value


def inputs(
    ctx: Context,
    path: str,
    signature: Signature,
    further: Further,
    sizes: Sizes,
    settings: dict[str, Setting],
    at: Span,
) -> dict[str, Node] | None:
    """The further inputs of one network as nodes, its sizes bound; nothing once the reason is reported."""
    found: dict[str, Node] = {}
    for edge in signature.edges[1:]:
        given = further.get(edge.name)
        if given is None or (given.value is None and edge.optional):
            if not edge.optional:
                takes = tuple(e.name for e in signature.edges)
                ctx.report(messages.missing_argument(path, edge.name, takes, at, None))
                return None
            continue
        node = edges.accept(ctx, signature, edge, given.value, given.span)
        if node is None or not edges.fits(ctx, signature, edge, node, sizes, settings, given.span):
            return None
        found[edge.name] = node
    return found


def remember(
    ctx: Context, forward: Node, path: str, signature: Signature, sizes: Sizes, settings: dict[str, Setting]
) -> None:
    """Note of a forward what may be asked of it by name."""
    if signature.outputs[0].name:
        found = ((output.name, _type(path, forward, output, sizes, settings)) for output in signature.outputs[1:])
        ctx.outputs[forward.id] = {signature.outputs[0].name: None, **dict(found)}


def _type(path: str, forward: Node, output: Output, sizes: Sizes, settings: dict[str, Setting]) -> TensorType:
    """The type of an output. A size that only the network knows depends on what goes in."""
    value = forward.inputs[1].type
    shape = "x".join(map(str, value.dims[1:])) if isinstance(value, TensorType) else ""
    dims: list[Dim] = []
    for text in output.dims:
        size = size_of(text, sizes, settings) if text != REST else None
        dims += between(sizes) if text == REST else [Dim.of(f"{path}.{text}({shape})") if size is None else size]
    return TensorType(output.kind, tuple(dims), size_of(output.count, sizes, settings) if output.count else None)


def outputs(ctx: Context, value: Any) -> tuple[str, ...]:
    """What may be asked of a value by name: the outputs of the forward that it is."""
    return tuple(ctx.outputs.get(value.id, ())) if isinstance(value, Node) and value.op == "apply" else ()


def output(ctx: Context, forward: Node, name: str, span: Span) -> Node:
    """One output of a forward; the first is the value of the forward itself."""
    type_ = ctx.outputs[forward.id][name]
    if type_ is None:
        return forward
    return ctx.interner.node(
        "output",
        (forward,),
        params=("forward",),
        settings=(("name", name),),
        type=type_,
        rows=forward.rows,
        spans=(span, *ctx.reporter.calls),
        grad_modules=frozenset() if type_.kind in WHOLE_NUMBERS else forward.grad_modules,
    )
