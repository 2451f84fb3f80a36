"""Data that ops make of whole data sets: labels that a network of an earlier stage gives, clusters of present features.

The tensors that such an op reads are written as in an evaluation: data mean all of their samples. The networks among
them are those of an earlier stage, `joint.clf`; it is proved that this stage ends before their labels are wanted. With
`every` they are the present ones, and memories as they stand: the op is run when a stage begins, and again.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from attrs import evolve

from ssldsl.check.apply import data, drawn_by, ops
from ssldsl.check.messages import dataflow, shapes, stages, types, values
from ssldsl.check.state.context import Context, StageDraft
from ssldsl.check.state.values import UNKNOWN, DataValue, OpValue, describe
from ssldsl.check.typing import edges
from ssldsl.check.typing.numbering import classes_below, numbering, same_samples
from ssldsl.check.typing.sizes import size_of
from ssldsl.ir.nodes import Duration, Node, Setting
from ssldsl.ir.walk import origins, walk
from ssldsl.ops.signature import Edge, Signature
from ssldsl.source import Span
from ssldsl.types import DataType, Dim, TensorType, is_data

Given = dict[str, tuple[Any, Span]]


EVERY = "every"  # the argument of every such op that says how often it is run


@contextmanager
def reading(ctx: Context, callee: Any, *, recurs: bool = False) -> Iterator[None]:
    """Inside, the arguments of a data op that reads tensors are read: data mean all of their samples."""
    if not isinstance(callee, OpValue) or not callee.signature.derives:
        yield
        return
    before, ctx.stage = ctx.stage, StageDraft("", full_dataset=True, derives=callee.signature.name, recurs=recurs)
    try:
        yield
    finally:
        ctx.stage = before


def pace(ctx: Context, value: Any, place: Span) -> Duration | None:
    """How often an op is run, or nothing once it is reported to be no time above 0."""
    if value is UNKNOWN:
        return None
    if not isinstance(value, Duration):
        ctx.report(stages.no_duration(EVERY, value, describe(value), place))
        return None
    if value.value <= 0:
        ctx.report(values.not_longer_than_nothing(EVERY, value, place))
        return None
    if value.unit == "it" and value.value != int(value.value):
        ctx.report(stages.between_steps(EVERY, str(value), place))
        return None
    return value


def recurring(node: Node) -> Node | None:
    """The data op below some data, or it itself, that is run again and again."""
    data = walk([node], lambda n: [i for i in n.inputs if is_data(i.type)])
    return next((n for n in data if n.setting(EVERY) is not None), None)


def derive(
    ctx: Context,
    signature: Signature,
    base: DataValue,
    given: Given,
    settings: tuple[tuple[str, Setting], ...],
    span: Span,
) -> Any:
    """An op from data to data that reads tensors. Its size counts as that of its first data."""
    inputs, sizes = {signature.edges[0].name: base.node}, {"samples": base.type.size}
    if (before := recurring(base.node)) is not None:
        ctx.report(stages.computed_of_changing_data(signature.name, before.op, span, before.spans[0]))
        return UNKNOWN
    for edge in signature.edges[1:]:
        if edge.name in given:
            node = _read(ctx, signature, edge, base, given, sizes, dict(settings))
            if node is None:
                return UNKNOWN
            inputs[edge.name] = node
    type_ = base.type
    if signature.traits.provenance:
        classes = size_of(str(signature.traits.classes), sizes, dict(settings))
        if classes is None or not _fits_labels(ctx, classes, inputs, given):
            return UNKNOWN
        if not drawn_by.keeps(ctx, signature, base, "label", span):
            return UNKNOWN
        type_ = _labeled(signature, type_, classes, inputs.values())
    type_ = _with_fields(signature, type_, {**sizes, "samples": base.type.size}, dict(settings))
    node = ctx.interner.node(
        signature.name,
        tuple(inputs.values()),
        params=tuple(inputs),
        settings=settings,
        type=type_,
        spans=(span, *ctx.reporter.calls),
    )
    return DataValue(node, base.views)


def _read(
    ctx: Context,
    signature: Signature,
    edge: Edge,
    base: DataValue,
    given: Given,
    sizes: dict[str, Dim],
    settings: dict[str, Setting],
) -> Node | None:
    """What an op reads besides its first data, or nothing once the reason is reported."""
    (value, place), at = given[edge.name], given[signature.edges[0].name][1]
    if edge.kind == "Data":
        return _more_data(ctx, signature, edge, base, value, place, at)
    node = ops.input(ctx, signature, edge, value, place)
    if node is None or not _of_the_samples(ctx, signature, edge, node, base, place, at):
        return None
    return node if edges.fits(ctx, signature, edge, node, sizes, settings, place) else None


def _more_data(
    ctx: Context, signature: Signature, edge: Edge, base: DataValue, value: Any, place: Span, at: Span
) -> Node | None:
    """Further data that an op reads: samples of the same data set, with labels. `at`: where the first are written."""
    other = data.one_split(ctx, f"`{signature.name}`", value, place)
    if other is None:
        return None
    if numbering(other.node, ctx.signatures) is not numbering(base.node, ctx.signatures):
        ctx.report(stages.other_data_set(signature.name, edge.name, place, at))
        return None
    if "label" not in other.type.names:
        ctx.report(dataflow.argument_without_labels(signature.name, edge.name, place))
        return None
    if other.type.role == "test" and base.type.role != "test":
        ctx.report(dataflow.labels_held_out(edge.name, place))
        return None
    return other.node


def _of_the_samples(
    ctx: Context, signature: Signature, edge: Edge, node: Node, base: DataValue, place: Span, at: Span
) -> bool:
    """Whether a tensor says something of every sample of the data. `at`: where these are written."""
    for whole in _wholes(ctx, node):
        if same_samples(whole.inputs[0], ctx.signatures) is not same_samples(base.node, ctx.signatures):
            ctx.report(stages.other_samples(signature.name, edge.name, place, at))
            return False
    if edge.kind == "Logits" and isinstance(node.type, TensorType) and node.type.kind == "Features":
        _no_classifier(ctx, node, place)
        return False
    return True


def _no_classifier(ctx: Context, node: Node, place: Span) -> None:
    ctx.report(types.labels_of_features(shapes.written(node.type), place))


def _wholes(ctx: Context, node: Node) -> list[Node]:
    """The whole data sets that a tensor is computed from; not what these, or a memory, came from in turn."""
    if node.op == "full_dataset":
        return [node]
    signature = ctx.signatures.get(node.op)
    inputs = () if signature is not None and signature.role == "memory" else node.inputs
    return list(dict.fromkeys(w for n in inputs for w in _wholes(ctx, n)))


def _fits_labels(ctx: Context, classes: Dim, inputs: dict[str, Node], given: Given) -> bool:
    """Whether there are as many classes as the data set has."""
    tensor = next(name for name, n in inputs.items() if isinstance(n.type, TensorType))
    for node in inputs.values():
        known = classes_below(node) if isinstance(node.type, DataType) else None
        if known is not None and known != classes and known.value is not None and classes.value is not None:
            ctx.report(types.data_of_other_classes(shapes.size(classes), shapes.size(known), given[tensor][1]))
            return False
    return True


def _labeled(signature: Signature, before: DataType, classes: Dim, inputs: Iterable[Node]) -> DataType:
    stages = dict.fromkeys(stage for stage, _ in origins(n for n in inputs if isinstance(n.type, TensorType)))
    kind = signature.traits.provenance
    fields = (*(f for f in before.fields if f[0] != "label"), ("label", TensorType("Labels", (), classes)))
    provenance = f"{kind}({', '.join(stages)})" if stages else kind
    return evolve(before, fields=fields, provenance=provenance, unlabeled_by="")


def _with_fields(
    signature: Signature, before: DataType, sizes: dict[str, Dim], settings: dict[str, Setting]
) -> DataType:
    """The data with the fields that an op adds. In brackets stands how many labels there are, or the shape."""
    fields = dict(before.fields)
    for added in signature.adds(settings):
        dims = tuple(size or Dim.of("?") for size in (size_of(text, sizes, settings) for text in added.dims))
        is_label = added.kind == "Labels"
        fields[added.name] = TensorType("Labels", (), *dims) if is_label else TensorType(added.kind, dims)
    return evolve(before, fields=tuple(fields.items()))
