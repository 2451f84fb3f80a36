"""Nets and heads: who owns which parameters, what goes in and what comes out."""

from collections.abc import Callable
from typing import Any

from attrs import evolve

from ssldsl.check.apply import data
from ssldsl.check.messages import names, shapes, stages, types
from ssldsl.check.state.context import Context, ModuleDraft
from ssldsl.check.state.values import (
    UNKNOWN,
    Average,
    Batch,
    Beside,
    Constructor,
    Data,
    ListValue,
    Net,
    NetList,
    NetPart,
    StreamRef,
    TrainedNet,
    View,
    describe,
)
from ssldsl.check.typing import agreements, edges, row_order
from ssldsl.check.typing.advice import size_of_data
from ssldsl.check.typing.sizes import size_of, unify
from ssldsl.ir.nodes import Mode, Node, Setting
from ssldsl.ops.signature import Signature
from ssldsl.source import Span
from ssldsl.syntax import tree
from ssldsl.types import ACCEPTS, Dim, NetType, TensorType

JOINED = frozenset({"Features", "Embeddings", "Logits", "Vectors"})  # what networks side by side may give


def declare(ctx: Context, name: str, owner: str, value: Any, kind: str, span: Span) -> Any:
    """Give the constructors of a `net` or `head` declaration the paths they own their parameters under."""
    if value is UNKNOWN:
        return UNKNOWN
    base = f"{owner}.{name}" if owner else name
    if isinstance(value, Average):
        return _average(ctx, base, value, span)
    if isinstance(value, Constructor):
        value = Net((value,))
    if not isinstance(value, Net):
        ctx.report(
            types.wrong_declaration(
                kind,
                name,
                "a network",
                describe(value),
                span,
                "for example `convnet(width=32)`, or a composition `encoder >> classes`",
            )
        )
        return UNKNOWN
    parts: list[NetPart | Constructor | Beside] = []
    for i, part in enumerate(value.parts):
        if isinstance(part, Beside):
            nets = [declare(ctx, f"{name}.{k}", owner, net, kind, span) for k, net in enumerate(part.nets)]
            if UNKNOWN in nets:
                return UNKNOWN
            part = Beside(tuple(nets))
        elif isinstance(part, Constructor) and part.signature.role != "views":
            path = base if len(value.parts) == 1 else f"{base}.{_piece(value, i)}"
            if not _own(ctx, path, part, kind):
                return UNKNOWN
            part = NetPart(path)
        parts.append(part)
    return Net(tuple(parts))


def parts(value: Net | Constructor) -> tuple[NetPart | Constructor | Beside, ...]:
    """The parts of a network, or the one that it is."""
    return value.parts if isinstance(value, Net) else (value,)


def declare_list(
    ctx: Context, name: str, owner: str, count: int, value: Net | Constructor, declaration: tree.Declaration
) -> Any:
    """So many networks, `heads.0`, `heads.1`, ..., each of which owns the parameters of its constructors."""
    path = f"{owner}.{name}" if owner else name
    nets = tuple(
        declare(ctx, f"{name}.{i}", owner, value, declaration.kind, declaration.value.span) for i in range(count)
    )
    if any(net is UNKNOWN for net in nets):
        return UNKNOWN
    for part in (part for net in nets for part in net.declared):
        ctx.modules[part.path].of_list = path
    return NetList(path, nets)


def each(value: NetList, change: Callable[[Net], Net]) -> NetList:
    """The list with each of its networks changed in the same way."""
    return evolve(value, nets=tuple(map(change, value.nets)))


def best(ctx: Context, nets: NetList, by: str, span: Span) -> Any:
    """The network of a list whose items of a term are the lowest. They must be alike, since any may be it."""
    targets = {_target(ctx, NetPart(_last(net).path), ctx.modules[_last(net).path].sizes) for net in nets.nets}
    if len({target.dims[-1].value for target in targets if target.dims[-1].value is not None}) > 1:
        ctx.report(types.best_of_different(nets.path, sorted(shapes.written(t) for t in targets), span))
        return UNKNOWN
    return nets.nets[0].changed(lambda part: evolve(part, mode="best", by=by))


def _last(net: Net) -> NetPart:
    return net.declared[-1]


def apply_list(ctx: Context, nets: NetList, value: Any, span: Span, at: Span | None = None) -> Any:
    """What each network of a list gives: a list, which has a list for each where several batches go in."""
    results = tuple(apply(ctx, net, value, span, at) for net in nets.nets)
    return UNKNOWN if any(result is UNKNOWN for result in results) else ListValue(results)


def _piece(net: Net, i: int) -> str:
    """The name of one constructor in a chain: its op, numbered where the op stands twice."""
    part = net.parts[i]
    assert isinstance(part, Constructor)
    name = part.signature.name
    twins = [k for k, p in enumerate(net.parts) if isinstance(p, Constructor) and p.signature.name == name]
    return name if len(twins) == 1 else f"{name}{twins.index(i)}"


def _own(ctx: Context, path: str, part: Constructor, kind: str) -> bool:
    draft = ModuleDraft(path, part.signature, kind, dict(part.sizes), part.settings, part.span)
    known = ctx.modules.get(path)
    if known is None:
        ctx.modules[path] = draft
        return True
    same = known.signature.name == part.signature.name and known.settings == part.settings
    if same and all(known.sizes.get(n) == s for n, s in part.sizes):
        return True
    ctx.report(types.different_head(path, part.span))
    return False


def _average(ctx: Context, base: str, value: Average, span: Span) -> Any:
    parts = []
    for part in value.of.parts:
        if not isinstance(part, NetPart) or part.part:
            ctx.report(types.average_of_no_network(value.span))
            return UNKNOWN
        of = ctx.modules[part.path]
        path = f"{base}.{part.path}" if len(value.of.parts) > 1 else base
        ctx.modules[path] = ModuleDraft(
            path, of.signature, of.kind, of.sizes, of.settings, span, part.path, value.momentum, value.half_life
        )
        parts.append(NetPart(path))
    return Net(tuple(parts))


def couples_batch(signature: Signature, settings: dict[str, Any]) -> bool:
    """Whether a row of the output depends on the other rows."""
    trait = signature.traits.batch_coupled
    if isinstance(trait, bool):
        return trait or signature.gathers
    return any(settings.get(name) == value for name, value in trait.items())


def _draft(ctx: Context, part: NetPart | Constructor) -> tuple[Signature, dict[str, Dim], dict[str, Any]]:
    if isinstance(part, Constructor):
        return part.signature, dict(part.sizes), dict(part.settings)
    draft = ctx.modules[part.path]
    return draft.signature, draft.sizes, dict(draft.settings)


def members(ctx: Context, net: Net) -> tuple[str, ...]:
    """What may stand after the dot behind a network: its width, and pieces of a net of one part."""
    if part_of(net):
        return ()
    only = net.parts[0] if len(net.parts) == 1 else None
    return ("dim", *(_draft(ctx, only)[0].parts if isinstance(only, NetPart | Constructor) else ()))


def part_of(net: Net) -> str:
    """The piece of a network that is meant, with the pieces around it; nothing for the whole of it."""
    part = net.parts[0]
    return part.part if len(net.parts) == 1 and isinstance(part, NetPart) else ""


def select(net: Net, name: str) -> Net:
    """A piece of a network, or of a piece: what lies inside of those is known when the network is built."""
    part = net.parts[0]
    assert isinstance(part, NetPart)
    return Net((evolve(part, part=f"{part.part}.{name}" if part.part else name),))


def width(ctx: Context, net: Net, name: tree.Name) -> Any:
    """`net.dim`: how wide the rows are that come out."""
    last = net.parts[-1]
    if isinstance(last, Beside):
        return _widths(ctx, last, name)
    signature, sizes, settings = _draft(ctx, last)
    if not signature.outputs or not signature.outputs[0].dims:
        ctx.report(names.no_width(signature.name, name.span))
        return UNKNOWN
    text = signature.outputs[0].dims[-1]
    size = size_of(text, sizes, settings)
    if size is None and len(net.parts) > 1 and text in {e for edge in signature.edges for e in edge.dims}:
        return width(ctx, Net(net.parts[:-1]), name)
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


def _resolved(ctx: Context, size: Dim) -> Dim:
    """A size in what is known by now: an early `flat.dim` may have become a number, or a product of other sizes."""
    known = {}
    for symbol in size.symbols & ctx.widths.keys():
        path, text = ctx.widths[symbol]
        draft = ctx.modules[path]
        found = size_of(text, draft.sizes, dict(draft.settings))
        if found is not None:
            known[symbol] = found
    return size.substitute(known)


def apply(
    ctx: Context, net: Net, value: Any, span: Span, at: Span | None = None, weights: TrainedNet | None = None
) -> Any:
    """The output of a net for a batch, a tensor, or every item of a list.

    at: where that is written. weights: those that an earlier stage left, instead of the present ones.
    """
    if value is UNKNOWN:
        return UNKNOWN
    if isinstance(value, StreamRef | Data):
        value = data.read(ctx, value, at or span)
    if isinstance(value, ListValue):
        values = tuple(apply(ctx, net, v, span, at, weights) for v in value.values)
        return UNKNOWN if any(v is UNKNOWN for v in values) else ListValue(values)
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
            value = _apply_beside(ctx, part, value, span, weights)
        else:
            value = _apply_part(ctx, part, value, span, weights)
    return value


def _apply_beside(ctx: Context, beside: Beside, value: Node, span: Span, weights: TrainedNet | None) -> Any:
    """What networks give of the same rows, joined."""
    found = [apply(ctx, net, value, span, None, weights) for net in beside.nets]
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
    return isinstance(value, Net | Constructor | Average)


def _apply_part(
    ctx: Context, part: NetPart | Constructor, value: Node, span: Span, weights: TrainedNet | None = None
) -> Any:
    signature, _, settings = _draft(ctx, part)
    if isinstance(part, Constructor):
        if signature.is_module and signature.sizes:
            ctx.report(types.network_without_name(signature.name, part.span))
            return UNKNOWN
        return _apply_op(ctx, part, value, span)
    if part.part:
        ctx.report(types.part_applied(f"{part.path}.{part.part}", part.path, span))
        return UNKNOWN
    draft = ctx.modules[part.path]
    assert isinstance(value.type, TensorType)
    if weights is None and not may_run(ctx, part.path, span):
        return UNKNOWN
    if not _accepts(ctx, part.path, signature, value, draft, span):
        return UNKNOWN
    edge = signature.edges[0]
    draft.sizes.update({name: _resolved(ctx, size) for name, size in draft.sizes.items()})
    found = dict(draft.sizes)
    wrong = unify(edge.dims, value.type.dims, found, settings)
    if wrong:
        _misfit(ctx, part.path, draft, value, wrong, span)
        return UNKNOWN
    if not row_order.stand_together(ctx, signature.name, edge.dims, value, found.get("batch"), span):
        return UNKNOWN
    for name in signature.sizes:
        if name in found:
            draft.sizes.setdefault(name, found[name])
    node = _net_node(ctx, part, weights)
    target = _target(ctx, part, found)
    _note_forward(ctx, part, value, draft)
    return ctx.interner.node(
        "apply",
        (node, value),
        params=("net", "inputs"),
        type=target,
        rows=value.rows,
        spans=(span, *ctx.reporter.calls),
        grad_modules=frozenset() if _is_without_gradient(part, draft, weights) else value.grad_modules | {part.path},
    )


def with_mode(net: Net | NetList, mode: Mode) -> Any:
    """The network, run in another way. Parts without parameters have no ways of their own."""
    if isinstance(net, NetList):
        return each(net, lambda one: with_mode(one, mode))
    return net.changed(lambda part: evolve(part, mode=mode))


def _is_without_gradient(part: NetPart, draft: ModuleDraft, weights: TrainedNet | None) -> bool:
    return bool(draft.average_of) or weights is not None or part.mode == "rest"


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


def _accepts(ctx: Context, path: str, signature: Signature, value: Node, draft: ModuleDraft, span: Span) -> bool:
    edge = signature.edges[0]
    assert isinstance(value.type, TensorType)
    if value.type.kind in ACCEPTS[edge.kind]:
        return True
    if ctx.is_first_report(path, value.type.kind):
        declared = draft.span if draft.span.source in ctx.reporter.own else None
        found, help = shapes.written(value.type), _net_advice(ctx, path, edge.kind, value.type.kind)
        ctx.report(types.wrong_kind_for_network(path, signature.name, edge.kind, found, span, declared, help))
    return False


def _net_advice(ctx: Context, path: str, wanted: str, found: str) -> str:
    if found == "Images" and wanted == "Vectors":
        return "a network for images is `convnet()`"
    if found == "Images":
        net = next((d.path for d in ctx.modules.values() if d.kind == "net" and not d.average_of), "encoder")
        return f"send the images through a net first: `{path}({net}(...))`"
    if wanted == "Images" and found in ("Logits", "Probs", "Features", "Embeddings"):
        return "this has been through a network already: pass the batch itself"
    if found == "Features" and wanted == "Embeddings":
        return "bring rows to unit length first: `>> l2norm()` before it"
    return "a network for vectors is `mlp()`" if found == "Vectors" else ""


def _misfit(ctx: Context, path: str, draft: ModuleDraft, value: Node, why: str, span: Span) -> None:
    assert isinstance(value.type, TensorType)
    if not ctx.is_first_report(path, str(value.type.dims[1:])):
        return
    kind = value.type.kind
    wanted = (
        f"{draft.signature.edges[0].kind}[{', '.join(_size_text(draft, d) for d in draft.signature.edges[0].dims)}]"
    )
    place = draft.span if draft.span.source in ctx.reporter.own else span
    if kind in ("Vectors", "Images") and value.type.dims[-1].value is None:
        example = size_of_data(ctx, value, value.type.dims[1:]) or "vector_arrays(..., dim=32)"
        ctx.report(types.misfit_of_data(path, wanted, kind, example, place))
        return
    before = value.inputs[0].setting("name") if value.op == "apply" else None
    help = _width_advice(draft, value.type.dims[-1], str(before or ""))
    ctx.report(types.misfit(path, wanted, shapes.written(value.type), place, why, help))


def _width_advice(draft: ModuleDraft, width: Dim, before: str) -> str:
    if draft.kind != "head":
        return ""
    if before and "." not in before:
        return f"the input is {shapes.size(width)} wide: use the network's own width, `{before}.dim`"
    return f"the input is {width} wide" if width.value is not None else ""


def _size_text(draft: ModuleDraft, dim: str) -> str:
    """A dimension with the sizes and settings that are known."""
    known = draft.sizes.get(dim)
    text = dim if known is None else shapes.size(known)
    for name, value in draft.settings:
        text = text.replace(f"{{{name}}}", str(value))
    return text


def _target(ctx: Context, part: NetPart, sizes: dict[str, Dim]) -> TensorType:
    draft = ctx.modules[part.path]
    output, settings = draft.signature.outputs[0], dict(draft.settings)
    dims = ((text, size_of(text, sizes, settings)) for text in output.dims)
    return TensorType(output.kind, tuple(_unknown(ctx, part, text) if size is None else size for text, size in dims))


def _source(signature: Signature, settings: dict[str, Any]) -> TensorType | None:
    """What a network takes, where that is several rows for each that it gives."""
    edge = signature.edges[0]
    sizes = {"batch": Dim.of("batch")}
    dims = tuple(size_of(text, sizes, settings) or Dim.of(text) for text in edge.dims)
    return TensorType(edge.kind, dims) if dims[0] not in (Dim.of("batch"), Dim.of("...")) else None


def _net_node(ctx: Context, part: NetPart, weights: TrainedNet | None = None) -> Node:
    path, draft = part.path, ctx.modules[part.path]
    mode = _mode(ctx, part)
    signature, settings = draft.signature, dict(draft.settings)
    sizes = {"batch": Dim.of("batch"), **draft.sizes}
    target, couples = _target(ctx, NetPart(path), sizes), couples_batch(signature, settings) and part.mode != "rest"
    return ctx.interner.node(
        "net",
        type=NetType(_source(signature, settings), target, couples),
        settings=(("name", path), *(weights.settings if weights else ()), *mode),
        spans=(weights.span, draft.span) if weights else (draft.span,),
        alias=path,
        grad_modules=frozenset() if _is_without_gradient(part, draft, weights) else frozenset({path}),
    )


def _mode(ctx: Context, part: NetPart) -> tuple[tuple[str, Setting], ...]:
    """How a network runs, as settings. In an evaluation all are at rest: `rest(net)` is the same value there."""
    if part.mode == "average":
        return (("average", True),)
    if part.mode == "best":
        return (("best_of", ctx.modules[part.path].of_list), ("by", part.by))
    is_usual = not part.mode or (ctx.stage is not None and ctx.stage.full_dataset)
    return () if is_usual else (("mode", part.mode),)


def as_node(ctx: Context, value: Net | Constructor, span: Span) -> Node | None:
    """A network as a value that an op may call."""
    nodes = []
    for part in value.parts if isinstance(value, Net) else (value,):
        if isinstance(part, Constructor):
            ctx.report(types.argument_without_name(part.signature.name, span, part.span))
            return None
        if isinstance(part, Beside):
            ctx.report(types.argument_of_several(span))
            return None
        if part.part:
            ctx.report(types.part_applied(f"{part.path}.{part.part}", part.path, span))
            return None
        nodes.append(_net_node(ctx, part))
    if len(nodes) == 1:
        return nodes[0]
    last = nodes[-1].type
    assert isinstance(last, NetType)
    inner = [n.type for n in nodes if isinstance(n.type, NetType)]
    couples, source = any(t.couples_batch for t in inner), next((t.source for t in inner if t.source), None)
    return ctx.interner.node(
        "compose",
        tuple(nodes),
        params=("nets",) * len(nodes),
        type=NetType(source, last.target, couples),
        spans=(span,),
        grad_modules=frozenset[str]().union(*(n.grad_modules for n in nodes)),
    )


def apply_trained(ctx: Context, net: TrainedNet, value: Any, span: Span, at: Span) -> Any:
    """The output of a network with the weights that an earlier stage left."""
    if ctx.stage is None or not ctx.stage.derives:
        if value is not UNKNOWN:  # else it is wrong itself, perhaps for the same reason
            refuse(ctx, net, span)
        return UNKNOWN
    return apply(ctx, net.net, value, span, at, net)


def refuse(ctx: Context, net: TrainedNet, span: Span) -> None:
    """Report a network of an earlier stage in a loss or an evaluation."""
    ctx.report(stages.data_network_in_step(net.stage, net.span.text, span))


def may_run(ctx: Context, path: str, span: Span) -> bool:
    """Whether a network may run with its present weights: data are made before there are any."""
    if ctx.stage is None or not ctx.stage.derives or ctx.stage.recurs:
        return True
    ctx.report(stages.no_weights_yet(ctx.stage.derives, path, span))
    return False
