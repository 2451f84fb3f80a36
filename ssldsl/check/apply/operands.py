"""The data that an op from data to data is given. All of them count: for role, fields, origin of labels.

An op may put samples of several data together (`joins`), leave some out (`excludes`: only numbers count), or read
further data beside its first, such as those that a transform is fitted on.
"""

from typing import Any

from attrs import evolve

from ssldsl.check.apply.data import one_split
from ssldsl.check.messages import shapes, stages, types
from ssldsl.check.state.context import Context
from ssldsl.check.state.values import DataValue
from ssldsl.check.typing.numbering import numbering
from ssldsl.ops.signature import Signature
from ssldsl.source import Span
from ssldsl.types import DataType, Dim, TensorType

Operands = dict[str, DataValue]  # by the name of the edge


def read(ctx: Context, signature: Signature, base: DataValue, given: dict[str, tuple[Any, Span]]) -> Operands | None:
    """The data of every edge, or nothing once the reason is reported."""
    first = signature.edges[0].name
    found = {first: base}
    for edge in signature.edges[1:]:
        value, place = given.get(edge.name, (None, None))
        if value is None or place is None:
            continue
        other = one_split(ctx, f"`{signature.name}`", value, place)
        if other is None or not _goes_with(ctx, signature, edge.name, base, other, place, given[first][1]):
            return None
        found[edge.name] = other
    return found


def _goes_with(
    ctx: Context, signature: Signature, edge: str, base: DataValue, other: DataValue, place: Span, at: Span
) -> bool:
    """Whether an op can read further data beside its first. `at`: where these are written."""
    if edge == signature.excludes and numbering(other.node, ctx.signatures) is not numbering(base.node, ctx.signatures):
        ctx.report(stages.other_data_set(signature.name, edge, place, at))
        return False
    if edge not in signature.joins:
        return True
    if other.views != base.views:
        ctx.report(types.joined_with_views(signature.name, place))
        return False
    return _is_alike(ctx, signature, base.type, other.type, place, at)


def _is_alike(ctx: Context, signature: Signature, ours: DataType, theirs: DataType, place: Span, at: Span) -> bool:
    """Whether samples of two data can stand in one: the same fields, shapes and classes, as far as they are known."""
    fields = dict(theirs.fields)
    if ours.names[0] not in fields:
        ctx.report(types.joined_of_other_fields(signature.name, (ours.names[0], theirs.names[0]), place, at))
        return False
    for name, type_ in ours.fields:
        if name in fields and not all(map(_may_equal, _sizes(type_), _sizes(fields[name]))):
            said = shapes.written(type_), shapes.written(fields[name])
            ctx.report(types.joined_of_other_shapes(signature.name, said, place, at))
            return False
    return True


def _sizes(type_: TensorType) -> tuple[Dim, ...]:
    return (*type_.dims, type_.classes or Dim.of(0))


def _may_equal(ours: Dim, theirs: Dim) -> bool:
    return ours == theirs or ours.value is None or theirs.value is None


def joined_type(signature: Signature, found: Operands, span: Span) -> DataType:
    """The type of an op's first data; where samples of several come together, with the fields that all of them have."""
    base = next(iter(found.values())).type
    parts = [data.type for name, data in found.items() if name in signature.joins]
    if not parts:
        return base
    fields = tuple(f for f in base.fields if all(f[0] in part.names for part in parts))
    if "label" not in dict(fields):
        removed = next((part.unlabeled_by for part in parts if part.unlabeled_by), span.text)
        return evolve(base, fields=fields, provenance="", unlabeled_by=removed)
    return evolve(base, fields=fields, provenance=" and ".join(dict.fromkeys(part.provenance for part in parts)))


def role(signature: Signature, found: Operands) -> str:
    """Whether a loss may see what an op gives: not if any of its data are held out, unless it says that this is meant.

    Of samples that are left out nothing but their numbers is read.
    """
    if signature.traits.held_out is not None:
        return "test" if signature.traits.held_out else "train"
    counted = [data.type.role for name, data in found.items() if name != signature.excludes]
    return "test" if "test" in counted else "train"
