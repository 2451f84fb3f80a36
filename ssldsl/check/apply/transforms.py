"""Ops from data to data: `subset`, `unlabel`, `joined`, and those that read tensors."""

import hashlib
from typing import Any

from ssldsl.check.apply import derived, drawn_by, operands
from ssldsl.check.apply.data import one_split
from ssldsl.check.apply.operands import Operands
from ssldsl.check.messages import values as messages
from ssldsl.check.state.context import Context
from ssldsl.check.state.values import UNKNOWN, DataValue
from ssldsl.check.typing.numbering import is_part
from ssldsl.ir.nodes import Setting
from ssldsl.ops.signature import Signature
from ssldsl.source import Span
from ssldsl.types import DataType, Dim
from ssldsl.values import Duration


def transform(
    ctx: Context,
    signature: Signature,
    given: dict[str, tuple[Any, Span]],
    settings: tuple[tuple[str, Setting], ...],
    span: Span,
) -> Any:
    """An op from data to data: `subset`, `unlabel`. Of a stream it takes the data, and is drawn anew."""
    base = one_split(ctx, f"`{signature.name}`", *given[signature.edges[0].name])
    if base is None or not _is_said_once(ctx, signature, base.type, dict(settings), span):
        return UNKNOWN
    if signature.derives:
        return derived.derive(ctx, signature, base, given, settings, span)
    if not drawn_by.is_by_own_field(ctx, signature, base, dict(settings), span):
        return UNKNOWN
    found = operands.read(ctx, signature, base, given)
    if found is None or not _leaves_some(ctx, signature, found, span):
        return UNKNOWN
    type_ = _transformed(ctx, signature, found, dict(settings), span)
    nodes = tuple(data.node for data in found.values())
    node = ctx.interner.node(signature.name, nodes, params=tuple(found), settings=settings, type=type_, spans=(span,))
    return DataValue(node, base.views)


def _is_said_once(
    ctx: Context, signature: Signature, before: DataType, settings: dict[str, Setting], span: Span
) -> bool:
    """Whether a part of the data is described in one way, and is no larger than the data."""
    count = signature.counting
    ways = [w for w in (count, "per_class", "names") if (s := signature.setting(w)) is not None and s.default is None]
    said = [w for w in ways if settings.get(w) is not None]
    if len(ways) > 1 and len(said) != 1:
        ctx.report(messages.part_not_said_once(signature.name, ways, said, span))
        return False
    size, wanted = before.size.value, settings.get(count)
    if size is not None and isinstance(wanted, int) and not isinstance(wanted, bool) and wanted > size:
        ctx.report(messages.too_many_samples(signature.name, wanted, size, span))
        return False
    return True


def _leaves_some(ctx: Context, signature: Signature, found: Operands, span: Span) -> bool:
    """Whether something is left where samples of other data are left out."""
    base = next(iter(found.values()))
    others = found.get(signature.excludes)
    if others is None or not is_part(base.node, others.node, ctx.signatures):
        return True
    ctx.report(messages.no_sample_left(signature.name, span))
    return False


def _transformed(
    ctx: Context, signature: Signature, found: Operands, settings: dict[str, Setting], span: Span
) -> DataType:
    before = operands.joined_type(signature, found, span)
    fields, provenance, removed = before.fields, before.provenance, before.unlabeled_by
    dropped = signature.traits.drops
    if dropped:
        fields = tuple(f for f in fields if f[0] != dropped)
        if dropped == "label":
            provenance, removed = "", span.text
    return DataType(
        fields, _size(ctx, signature, found, settings), operands.role(signature, found), provenance, removed
    )


def _size(ctx: Context, signature: Signature, found: Operands, settings: dict[str, Setting]) -> Dim:
    """The new size, where it can be known before the data are read; a symbol of its own otherwise."""
    before = next(iter(found.values())).type
    if signature.joins:
        return sum((data.type.size for name, data in found.items() if name in signature.joins), Dim.of(0))
    if signature.excludes:
        return _rest(ctx, signature, found)
    return _counted(signature, before, settings) if signature.traits.size else before.size


def _rest(ctx: Context, signature: Signature, found: Operands) -> Dim:
    """What is left where the samples of other data are left out: known where these are surely all there."""
    base, others = next(iter(found.values())), found[signature.excludes]
    rest = base.type.size - others.type.size
    is_known = rest.value is not None and is_part(others.node, base.node, ctx.signatures)
    return rest if is_known else _unknown(signature.name, base.node.id, others.node.id)


def _counted(signature: Signature, before: DataType, settings: dict[str, Setting]) -> Dim:
    """The size that a count, a percentage or a number of every class says."""
    is_less = signature.traits.size.startswith("-")  # the setting says by how much
    count = settings.get(signature.counting)
    if isinstance(count, Duration) and count.unit == "%" and before.size.value is not None:
        count = round(before.size.value * count.value / 100)
    if isinstance(count, int) and not isinstance(count, bool) and not (is_less and before.size.value is None):
        return before.size - count if is_less else Dim.of(count)
    label = dict(before.fields).get("label")
    per_class = settings.get("per_class")
    if isinstance(per_class, int) and label is not None and label.classes is not None:
        chosen = label.classes * per_class
        if not is_less:
            return chosen
        if before.size.value is not None and chosen.value is not None:
            return before.size - chosen.value
    return _unknown(signature.name, sorted(settings.items(), key=str), before)


def _unknown(*what: object) -> Dim:
    """A size that only the data know; the same for the same op on the same data."""
    return Dim.of(f"N_{hashlib.sha256(repr(what).encode()).hexdigest()[:6]}")
