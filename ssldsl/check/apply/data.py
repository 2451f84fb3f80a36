"""Data sources, splits, subsets, and what it means to read a stream."""

import hashlib
from collections.abc import Iterator, Mapping
from typing import Any

from ssldsl.check.apply import views
from ssldsl.check.messages import dataflow, types
from ssldsl.check.state.context import Context
from ssldsl.check.state.values import UNKNOWN, UNNAMED, Batch, DataValue, ListValue, StreamRef, View, describe
from ssldsl.ir.nodes import Node, Setting
from ssldsl.ops.signature import Signature
from ssldsl.source import Span
from ssldsl.syntax import tree
from ssldsl.types import ROWS, DataType, Dim, SplitsType, TensorType

TEST_SPLITS = frozenset({"test", "val", "validation"})


def source(ctx: Context, signature: Signature, settings: tuple[tuple[str, Setting], ...], span: Span) -> DataValue:
    """A data source with its splits."""
    tag = hashlib.sha256(repr((signature.name, settings)).encode()).hexdigest()[:6]
    fields = tuple(_fields(signature, dict(settings), tag))
    splits = []
    for name, count in (signature.traits.splits or {}).items():
        kept = tuple(f for f in fields if f[0] != "label") if name == "unlabeled" else fields
        role = "test" if name in TEST_SPLITS else "train"
        size = _source_size(count, dict(settings), tag)
        splits.append((name, DataType(kept, size, role, "true" if len(kept) == len(fields) else "")))
    node = ctx.interner.node(
        "source", type=SplitsType(tuple(splits)), settings=(("op", signature.name), *settings), spans=(span,)
    )
    return DataValue(node)


def _fields(signature: Signature, settings: Mapping[str, Setting], tag: str) -> Iterator[tuple[str, TensorType]]:
    """What every sample of a source has."""
    traits = signature.traits
    for name, dims in (traits.fields or {}).items():
        kind = {"image": "Images", "vector": "Vectors"}.get(name, "Values")
        yield name, TensorType(kind, tuple(_source_size(d, settings, tag) for d in dims.split()))
    if traits.classes is not None:
        yield "label", TensorType("Labels", (), _source_size(traits.classes, settings, tag))


def _source_size(value: int | str, settings: Mapping[str, Setting], tag: str) -> Dim:
    """A size that a source has or is given; else a symbol of its own, by `tag`, until the data are read."""
    if isinstance(value, int) or value.isdigit():
        return Dim.of(int(value))
    given = settings.get(value)
    return Dim.of(given) if isinstance(given, int) else Dim.of(f"{value}_{tag}")


def split(ctx: Context, value: DataValue, name: tree.Name) -> DataValue:
    assert isinstance(value.node.type, SplitsType)
    type_ = dict(value.node.type.splits)[name.id]
    node = ctx.interner.node(
        "split", (value.node,), params=("data",), type=type_, settings=(("name", name.id),), spans=(name.span,)
    )
    return DataValue(node)


def fact(ctx: Context, value: DataValue | StreamRef, name: tree.Name) -> Any:
    """`.classes` and `.size`."""
    if isinstance(value, StreamRef):
        draft = ctx.streams[value.name]
        if draft.data is None:
            return fact(ctx, StreamRef(draft.parts[0]), name)
        value = draft.data
    type_ = value.node.type
    if isinstance(type_, SplitsType):
        type_ = type_.splits[0][1]
    assert isinstance(type_, DataType)
    if name.id == "size":
        return type_.size if type_.size.value is None else type_.size.value
    label = dict(type_.fields).get("label")
    if label is None or label.classes is None:
        ctx.report(dataflow.no_classes(describe(value), name.span))
        return UNKNOWN
    return label.classes if label.classes.value is None else label.classes.value


def field_names(ctx: Context, value: StreamRef) -> tuple[str, ...]:
    draft = ctx.streams[value.name]
    if draft.data is not None:
        return draft.data.type.names
    return field_names(ctx, StreamRef(draft.parts[0])) if draft.parts else ()


def one_split(ctx: Context, reader: str, value: Any, place: Span) -> DataValue | None:
    """The data that an op, or a loss, is given, or nothing once the reason is reported."""
    if value is UNKNOWN:
        return None
    if isinstance(value, StreamRef) and ctx.streams[value.name].data is not None:
        value = ctx.streams[value.name].data
    if not isinstance(value, DataValue):
        ctx.report(types.no_data(reader, describe(value), place))
        return None
    if isinstance(value.node.type, SplitsType):
        ctx.report(types.several_splits(reader, [n for n, _ in value.node.type.splits], place))
        return None
    return value


def read(ctx: Context, value: Any, span: Span) -> Any:
    """A batch: in an eval all samples of the data, elsewhere this step's draw of the stream. A join is a list."""
    stage = ctx.stage
    if stage is None:
        ctx.report(types.read_outside_of_steps(describe(value), span))
        return UNKNOWN
    if isinstance(value, DataValue):
        if stage.full_dataset:
            return _whole(ctx, value, span, UNNAMED)
        if isinstance(value.node.type, SplitsType):
            one_split(ctx, f"a {stage.step_part}", value, span)
            return UNKNOWN
        if value.type.role == "test":
            ctx.report(dataflow.held_out(span.text, span, None, stage.step_part))
            return UNKNOWN
        ctx.report(dataflow.data_in_a_step(span))
        return UNKNOWN
    draft = ctx.streams[value.name]
    if draft.parts:
        parts = tuple(read(ctx, StreamRef(p), span) for p in draft.parts)
        return UNKNOWN if any(p is UNKNOWN for p in parts) else ListValue(parts)
    if draft.data is None:
        return UNKNOWN
    if stage.full_dataset:
        return _whole(ctx, draft.data, span, value.name)
    return _draw(ctx, value.name, span)


def _whole(ctx: Context, value: DataValue, span: Span, name: str) -> Any:
    if isinstance(value.node.type, SplitsType):
        ctx.report(types.whole_splits([n for n, _ in value.node.type.splits], span))
        return UNKNOWN
    type_ = value.type
    fields = tuple(
        (
            field,
            ctx.interner.node(
                "full_dataset",
                (value.node,),
                params=("data",),
                settings=(("field", field),),
                spans=(span,),
                type=TensorType(t.kind, (type_.size, *t.dims), t.classes),
                alias=f"{name}.{field}",
            ),
        )
        for field, t in type_.fields
    )
    removed = value.node.spans[0] if type_.unlabeled_by else None
    batch = Batch(fields, type_.names[0], None, name, type_.provenance, removed, full_dataset=True)
    return views.view(ctx, View(value.views), batch, span) if value.views else batch


def _draw(ctx: Context, name: str, span: Span) -> Any:
    """This step's batch of a stream, the same for every use of the name in a stage."""
    assert ctx.stage is not None
    draft = ctx.streams[name]
    assert draft.data is not None
    type_ = draft.data.type
    if type_.role == "test":
        ctx.report(dataflow.held_out(name, span, draft.span, ctx.stage.step_part))
        return UNKNOWN
    if draft.base:
        added = draft.data.views[len(ctx.streams[draft.base].data.views) :]  # type: ignore[union-attr]  # a base has data
        return views.view(ctx, View(added), _draw(ctx, draft.base, span), span, named=name)
    data = draft.data.node
    rows = _drawn(ctx, "rows", name, data, draft.span, TensorType("Rows", (Dim.of(f"{ROWS}{name}"),)))
    fields = tuple((field, _drawn(ctx, "draw", name, data, draft.span, t, rows, field)) for field, t in type_.fields)
    batch = Batch(fields, type_.names[0], rows, name, type_.provenance, _removal(data))
    return views.view(ctx, View(draft.data.views), batch, span, named=name) if draft.data.views else batch


def _drawn(
    ctx: Context,
    op: str,
    stream: str,
    data: Node,
    span: Span,
    type_: TensorType,
    rows: Node | None = None,
    field: str = "",
) -> Node:
    """The rows that a step draws of a stream, or a field of them: of `type_` in each row."""
    settings = (("stream", stream), *((("field", field),) if field else ()))
    dims = (Dim.of(f"{ROWS}{stream}"), *type_.dims) if field else type_.dims
    return ctx.interner.node(
        op,
        (data,),
        params=("data",),
        settings=settings,
        rows=rows,
        spans=(span,),
        type=TensorType(type_.kind, dims, type_.classes),
        alias=f"{stream}.{field or 'rows'}",
    )


def _removal(data: Node) -> Span | None:
    """Where a chain of data ops took the labels away."""
    node = data
    while parts := [(part, part.type) for part in node.inputs if isinstance(part.type, DataType)]:
        unlabeled = [part for part, type_ in parts if "label" not in type_.names]
        if not unlabeled:
            return node.spans[0] if isinstance(node.type, DataType) and "label" not in node.type.names else None
        node = unlabeled[0]
    return None
