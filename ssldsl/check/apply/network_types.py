"""What networks take and give: the kinds and widths that are known, and symbols for those that are not yet."""

from typing import Any

from attrs import evolve

from ssldsl.check.apply import updates
from ssldsl.check.messages import names
from ssldsl.check.state.context import Context, ModuleDraft
from ssldsl.check.state.values import (
    UNKNOWN,
    Beside,
    Constructor,
    NetPart,
    Network,
    TrainedNet,
)
from ssldsl.check.typing.sizes import REST, between, size_of
from ssldsl.ir.nodes import Node, Setting
from ssldsl.ops.signature import Signature
from ssldsl.syntax import tree
from ssldsl.types import Dim, NetType, TensorType


def couples_batch(signature: Signature, settings: dict[str, Any]) -> bool:
    """Whether a row of the output depends on the other rows."""
    trait = signature.traits.batch_coupled
    if isinstance(trait, bool):
        return trait or signature.gathers
    return any(settings.get(name) == value for name, value in trait.items())


def draft_of(ctx: Context, part: NetPart | Constructor) -> tuple[Signature, dict[str, Dim], dict[str, Any]]:
    if isinstance(part, Constructor):
        return part.signature, dict(part.sizes), dict(part.settings)
    draft = ctx.modules[part.path]
    return draft.signature, draft.sizes, dict(draft.settings)


def members(ctx: Context, net: Network) -> tuple[str, ...]:
    """What may stand after the dot behind a network: its width, and pieces of a net of one part."""
    if part_of(net):
        return ()
    only = net.parts[0] if len(net.parts) == 1 else None
    return ("dim", *(draft_of(ctx, only)[0].parts if isinstance(only, NetPart | Constructor) else ()))


def part_of(net: Network) -> str:
    """The piece of a network that is meant, with the pieces around it; nothing for the whole of it."""
    part = net.parts[0]
    return part.part if len(net.parts) == 1 and isinstance(part, NetPart) else ""


def select(net: Network, name: str) -> Network:
    """A piece of a network, or of a piece: what lies inside of those is known when the network is built."""
    part = net.parts[0]
    assert isinstance(part, NetPart)
    return Network((evolve(part, part=f"{part.part}.{name}" if part.part else name),))


def width(ctx: Context, net: Network, name: tree.Name) -> Any:
    """`net.dim`: how wide the rows are that come out."""
    last = net.parts[-1]
    if isinstance(last, Beside):
        return _widths(ctx, last, name)
    signature, sizes, settings = draft_of(ctx, last)
    if not signature.outputs or not signature.outputs[0].dims:
        ctx.report(names.no_width(signature.name, name.span))
        return UNKNOWN
    text = signature.outputs[0].dims[-1]
    size = size_of(text, sizes, settings)
    if size is None and len(net.parts) > 1 and text in {e for edge in signature.edges for e in edge.dims}:
        return width(ctx, Network(net.parts[:-1]), name)
    if size is None:
        size = _unknown(ctx, last, text)
    return size if size.value is None else size.value


def _widths(ctx: Context, beside: Beside, name: tree.Name) -> Any:
    """The widths of networks side by side, together."""
    found = [width(ctx, net, name) for net in beside.nets]
    if any(size is UNKNOWN for size in found):
        return UNKNOWN
    total = Dim.of(0)
    for size in found:
        total = total + size
    return total if total.value is None else total.value


def _unknown(ctx: Context, part: NetPart | Constructor, text: str) -> Dim:
    """A symbol for a size of a network that may be known later. An average has those of what it follows."""
    if isinstance(part, Constructor):
        return Dim.of(f"{part.signature.name}.{text}")
    path = part.path
    while ctx.modules[path].average_of:
        path = ctx.modules[path].average_of
    symbol = f"{path}.{text}"
    ctx.widths[symbol] = (path, text)
    return Dim.of(symbol)


def resolved(ctx: Context, size: Dim) -> Dim:
    """A size in what is known by now: an early `flat.dim` may have become a number, or a product of other sizes."""
    known = {}
    for symbol in size.symbols & ctx.widths.keys():
        path, text = ctx.widths[symbol]
        draft = ctx.modules[path]
        found = size_of(text, draft.sizes, dict(draft.settings))
        if found is not None:
            known[symbol] = found
    return size.substitute(known)


def is_without_gradient(part: NetPart, draft: ModuleDraft, weights: TrainedNet | None) -> bool:
    return bool(draft.average_of) or weights is not None or part.mode == "rest"


def output_type(ctx: Context, part: NetPart, sizes: dict[str, Dim]) -> TensorType:
    draft = ctx.modules[part.path]
    output, settings = draft.signature.outputs[0], dict(draft.settings)
    at = output.dims.index(REST) if REST in output.dims else len(output.dims)
    before, behind = (
        tuple(size_of(text, sizes, settings) or _unknown(ctx, part, text) for text in texts)
        for texts in (output.dims[:at], output.dims[at + 1 :])
    )
    return TensorType(output.kind, (*before, *between(sizes), *behind))


def _source(signature: Signature, settings: dict[str, Any]) -> TensorType | None:
    """What a network takes, where that is several rows for each that it gives."""
    edge = signature.edges[0]
    sizes = {"batch": Dim.of("batch")}
    if edge.dims[0] == "batch" or REST in edge.dims:
        return None
    dims = tuple(size_of(text, sizes, settings) or Dim.of(text) for text in edge.dims)
    return TensorType(edge.kind, dims) if dims[0] != Dim.of("batch") else None


def net_node(ctx: Context, part: NetPart, weights: TrainedNet | None = None) -> Node:
    path, draft = part.path, ctx.modules[part.path]
    mode = _mode(ctx, part)
    signature, settings = draft.signature, dict(draft.settings)
    sizes = {"batch": Dim.of("batch"), **draft.sizes}
    target, couples = output_type(ctx, NetPart(path), sizes), couples_batch(signature, settings) and part.mode != "rest"
    return ctx.interner.node(
        "net",
        type=NetType(_source(signature, settings), target, couples),
        settings=(("name", path), *(weights.settings if weights else updates.version(ctx, path)), *mode),
        spans=(weights.span, draft.span) if weights else (draft.span,),
        alias=path,
        grad_modules=frozenset() if is_without_gradient(part, draft, weights) else frozenset({path}),
    )


def _mode(ctx: Context, part: NetPart) -> tuple[tuple[str, Setting], ...]:
    """How a network runs, as settings. In an evaluation all are at rest: `rest(net)` is the same value there.

    A network without statistics of its batch is steady anyway, so its rows may be computed with those of other calls.
    """
    if part.mode == "average":
        return (("average", True),)
    if part.mode == "best":
        return (("best_of", ctx.modules[part.path].of_list), ("by", part.by))
    signature, _, settings = draft_of(ctx, part)
    is_steady_anyway = part.mode == "steady" and not couples_batch(signature, settings)
    is_usual = not part.mode or is_steady_anyway or (ctx.stage is not None and ctx.stage.full_dataset)
    return () if is_usual else (("mode", part.mode),)
