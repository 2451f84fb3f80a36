"""Data that ops make of whole data sets: labels that a network of an earlier stage gives.

The tensors that such an op reads are written as in an evaluation: data mean all of their samples. The networks among
them are those of an earlier stage, `joint.clf`; it is proved that this stage ends before their labels are wanted.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from attrs import evolve

from ssldsl.check import application, data, modules
from ssldsl.check.context import Context, StageDraft
from ssldsl.check.flow import ancestors, stages_before
from ssldsl.check.meanings import UNKNOWN, Data, OpRef, TrainedNet
from ssldsl.check.nodes import Node, Setting, origins
from ssldsl.errors import Note
from ssldsl.ops.signature import Edge, Signature
from ssldsl.source import Span
from ssldsl.types import DataType, Dim, TensorType

if TYPE_CHECKING:
    from ssldsl.check.reader import Reader

Given = dict[str, tuple[Any, Span]]


@contextmanager
def reading(ctx: Context, callee: Any) -> Iterator[None]:
    """Inside, the arguments of a data op that reads tensors are read: data mean all of their samples."""
    if not isinstance(callee, OpRef) or not callee.signature.derives:
        yield
        return
    before, ctx.stage = ctx.stage, StageDraft("", whole=True, derives=callee.signature.name)
    try:
        yield
    finally:
        ctx.stage = before


# --- networks of earlier stages ----------------------------------------------------------------------------------


def apply(ctx: Context, net: TrainedNet, value: Any, span: Span, at: Span) -> Any:
    """The output of a network with the weights that an earlier stage left."""
    if ctx.stage is None or not ctx.stage.derives:
        refuse(ctx, net, span)
        return UNKNOWN
    return modules.apply(ctx, net.net, value, span, at, net)


def refuse(ctx: Context, net: TrainedNet, span: Span) -> None:
    """Report a network of an earlier stage in a loss or an evaluation."""
    ctx.reporter.error(
        "D512",
        span,
        f"a network of the stage `{net.stage}` makes data, such as labels; here the present networks run",
        "",
        help=f"for a fixed network, declare a second one and begin it with `init ... from {net.stage}`",
    )


def may_run(ctx: Context, path: str, span: Span) -> bool:
    """Whether a network may run with its present weights: data are made before there are any."""
    if ctx.stage is None or not ctx.stage.derives:
        return True
    ctx.reporter.error(
        "D513",
        span,
        f"`{ctx.stage.derives}` makes data before a stage begins, and nothing says with which weights of `{path}`",
        "",
        help="write the stage that trained it before its name: `STAGE.NETWORK`, or `STAGE.average.NETWORK`",
    )
    return False


# --- the data ----------------------------------------------------------------------------------------------------


def derive(
    ctx: Context, signature: Signature, base: Data, given: Given, settings: tuple[tuple[str, Setting], ...], span: Span
) -> Any:
    """An op from data to data that reads tensors. Its size counts as that of its first data."""
    inputs, sizes = {signature.edges[0].name: base.node}, {"samples": base.type.size}
    for edge in signature.edges[1:]:
        if edge.name in given:
            node = _read(ctx, signature, edge, base, given, sizes, dict(settings))
            if node is None:
                return UNKNOWN
            inputs[edge.name] = node
    type_ = base.type
    if signature.facts.provenance:
        classes = application.size_of(str(signature.facts.classes), sizes, dict(settings))
        if classes is None or not _fits_labels(ctx, classes, inputs, given):
            return UNKNOWN
        type_ = _labelled(signature, type_, classes, inputs.values())
    node = ctx.interner.node(
        signature.name,
        tuple(inputs.values()),
        params=tuple(inputs),
        settings=settings,
        type=type_,
        spans=(span, *ctx.reporter.calls),
    )
    return Data(node, base.views)


def _read(
    ctx: Context,
    signature: Signature,
    edge: Edge,
    base: Data,
    given: Given,
    sizes: dict[str, Dim],
    settings: dict[str, Setting],
) -> Node | None:
    """What an op reads besides its first data, or nothing once the reason is reported."""
    (value, place), at = given[edge.name], given[signature.edges[0].name][1]
    if edge.kind == "Data":
        return _more_data(ctx, signature, edge, base, value, place, at)
    node = application.input(ctx, signature, edge, value, place)
    if node is None or not _of_the_samples(ctx, signature, edge, node, base, place, at):
        return None
    return node if application.fits(ctx, signature, edge, node, sizes, settings, place) else None


def _more_data(
    ctx: Context, signature: Signature, edge: Edge, base: Data, value: Any, place: Span, at: Span
) -> Node | None:
    """Further data that an op reads: samples of the same data set, with labels. `at`: where the first are written."""
    other = data.one_split(ctx, f"`{signature.name}`", value, place)
    if other is None:
        return None
    if _origin(other.node) is not _origin(base.node):
        ctx.reporter.error(
            "D515",
            place,
            f"`{edge.name}` of `{signature.name}` are samples of another data set",
            "their numbers say nothing here",
            notes=(Note(at, "the data"),),
            help="give a part of the same split, such as a `subset` of it",
        )
        return None
    if "label" not in other.type.names:
        ctx.reporter.error("D401", place, f"`{edge.name}` of `{signature.name}` has no labels", "")
        return None
    if other.type.role == "test" and base.type.role != "test":
        message = f"`{edge.name}` is held out for evaluation, and its labels must not be trained on"
        ctx.reporter.error("D405", place, message, "")
        return None
    return other.node


def _of_the_samples(
    ctx: Context, signature: Signature, edge: Edge, node: Node, base: Data, place: Span, at: Span
) -> bool:
    """Whether a tensor says something of every sample of the data. `at`: where these are written."""
    for whole in _wholes(node):
        if _rows_of(ctx, whole.inputs[0]) is not _rows_of(ctx, base.node):
            ctx.reporter.error(
                "D515",
                place,
                f"`{edge.name}` of `{signature.name}` are those of other samples",
                "",
                notes=(Note(at, "the data"),),
                help="compute them from the data themselves",
            )
            return False
    if edge.kind == "Logits" and isinstance(node.type, TensorType) and node.type.kind == "Features":
        _no_classifier(ctx, node, place)
        return False
    return True


def _no_classifier(ctx: Context, node: Node, place: Span) -> None:
    ctx.reporter.error(
        "T312",
        place,
        f"labels come from scores of classes, found features: {node.type}",
        "this network ends without a head",
        help="put the head behind it: declare `net clf = encoder >> classes` and write `STAGE.clf`",
    )


def _wholes(node: Node) -> list[Node]:
    """The whole data sets that a tensor is computed from; not what these were computed from in turn."""
    if node.op == "whole":
        return [node]
    return list(dict.fromkeys(w for n in node.inputs for w in _wholes(n)))


def _origin(node: Node) -> Node:
    """The split that the samples were first read from, which numbers them."""
    while node.op not in ("split", "source"):
        node = node.inputs[0]
    return node


def _rows_of(ctx: Context, node: Node) -> Node:
    """The data that have these samples in this order: taking a field away changes neither."""
    signature = ctx.signatures.get(node.op)
    while signature is not None and signature.facts.drops and not signature.facts.size:
        node = node.inputs[0]
        signature = ctx.signatures.get(node.op)
    return node


def _fits_labels(ctx: Context, classes: Dim, inputs: dict[str, Node], given: Given) -> bool:
    """Whether there are as many classes as the data set has."""
    tensor = next(name for name, n in inputs.items() if isinstance(n.type, TensorType))
    for type_ in (_origin(inputs[next(iter(inputs))]).type, *(n.type for n in inputs.values())):
        label = dict(type_.fields).get("label") if isinstance(type_, DataType) else None
        known = label.classes if label is not None else None
        if known is not None and known != classes and known.value is not None and classes.value is not None:
            ctx.reporter.error(
                "T312",
                given[tensor][1],
                f"the scores are for {classes} classes, and these data have {known}",
                "",
                help=f"give the head {known} outputs",
            )
            return False
    return True


def _labelled(signature: Signature, before: DataType, classes: Dim, inputs: Iterable[Node]) -> DataType:
    stages = dict.fromkeys(stage for stage, _ in origins(n for n in inputs if isinstance(n.type, TensorType)))
    kind = signature.facts.provenance
    fields = (*(f for f in before.fields if f[0] != "label"), ("label", TensorType("Labels", (), classes)))
    provenance = f"{kind}({', '.join(stages)})" if stages else kind
    return evolve(before, fields=fields, provenance=provenance, unlabeled_by="")


# --- the stages they come from -----------------------------------------------------------------------------------


def check_origins(reader: "Reader", after: tuple[str, ...], roots: Iterable[Node]) -> None:
    """What a stage reads of earlier ones must be there when it begins, and must have been trained."""
    before = stages_before(reader.ctx, after)
    for node in ancestors(roots):
        stage = node.setting("stage")
        if node.op == "net" and stage is not None and _comes_before(reader, node, stage, before):
            _check_weights(reader, node, stage)


def _comes_before(reader: "Reader", node: Node, stage: str, before: set[str]) -> bool:
    if stage in before:
        return True
    if stage == reader.name:
        message, help = f"stage `{stage}` cannot read what it will have trained", "name a stage that comes before it"
    else:
        message = f"stage `{reader.name}` does not come after `{stage}`"
        help = f"write `stage {reader.name} after {stage} {{`"
    reader.ctx.reporter.error("D503", node.spans[0], message, "", help=help)
    return False


def _check_weights(reader: "Reader", node: Node, name: str) -> None:
    """The stage, or one before it, must have trained the network; and it must keep an average if that is wanted."""
    ctx, path = reader.ctx, str(node.setting("name"))
    stage, draft = ctx.stages.get(name), ctx.modules[path]
    if stage is None:  # it is wrong itself
        return
    earlier = [s for n in stages_before(ctx, stage.after) if (s := ctx.stages.get(n)) is not None]
    if node.setting("average") and stage.average is None:
        message = f"stage `{name}` keeps no average of its weights"
        help = f"write `average = polyak(half_life=1ep)` in `{name}`, or leave `.average` out"
        ctx.reporter.error("D507", node.spans[0], message, "", help=help)
    trained = [p for s in (stage, *earlier) for p in s.train]
    trained += [m for s in (stage, *earlier) for i in s.init if i.file or i.run for m in i.modules]
    held = any(p == path or p.startswith(f"{path}.") for p in trained)
    if not held and not draft.average_of and draft.signature.is_module and draft.signature.sizes:
        ctx.reporter.error(
            "D514",
            node.spans[0],
            f"stage `{name}` neither trains nor initialises `{path}`, which is random there",
            "",
            help=f"use `{path}` in the loss of `{name}`, or take the network of another stage",
        )
