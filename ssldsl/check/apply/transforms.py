"""Ops from data to data: `subset`, `unlabel`, and those that read tensors."""

import hashlib
from typing import Any

from ssldsl.check.apply import derived
from ssldsl.check.apply.data import one_split
from ssldsl.check.messages import values as messages
from ssldsl.check.state.context import Context
from ssldsl.check.state.values import UNKNOWN, Data
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
    edge = signature.edges[0].name
    base = one_split(ctx, f"`{signature.name}`", *given[edge])
    if base is None or not _is_said_once(ctx, signature, base.type, dict(settings), span):
        return UNKNOWN
    if signature.derives:
        return derived.derive(ctx, signature, base, given, settings, span)
    type_ = _transformed(signature, base.type, dict(settings), span)
    node = ctx.interner.node(signature.name, (base.node,), params=(edge,), settings=settings, type=type_, spans=(span,))
    return Data(node, base.views)


def _is_said_once(
    ctx: Context, signature: Signature, before: DataType, settings: dict[str, Setting], span: Span
) -> bool:
    """Whether a part of the data is described in one way, and is no larger than the data."""
    count = signature.traits.size.removeprefix("-")
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


def _transformed(signature: Signature, before: DataType, settings: dict[str, Setting], span: Span) -> DataType:
    fields, provenance, removed = before.fields, before.provenance, before.unlabeled_by
    dropped = signature.traits.drops
    if dropped:
        fields = tuple(f for f in fields if f[0] != dropped)
        if dropped == "label":
            provenance, removed = "", span.text
    role = "test" if signature.traits.held_out else before.role
    return DataType(fields, _size(signature, before, settings), role, provenance, removed)


def _size(signature: Signature, before: DataType, settings: dict[str, Setting]) -> Dim:
    """The new size, where it can be known before the data are read; a symbol of its own otherwise."""
    if not signature.traits.size:
        return before.size
    is_less = signature.traits.size.startswith("-")  # the setting says by how much
    count = settings.get(signature.traits.size.removeprefix("-"))
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
    tag = hashlib.sha256(repr((signature.name, sorted(settings.items(), key=str), before)).encode()).hexdigest()[:6]
    return Dim.of(f"N_{tag}")
