"""By which field data are drawn: one that they have, and that nothing takes away afterwards."""

from collections.abc import Mapping

from ssldsl.check.messages import dataflow
from ssldsl.check.state.context import Context
from ssldsl.check.state.values import DataValue
from ssldsl.ir.nodes import Setting
from ssldsl.ops.signature import Signature
from ssldsl.source import Span
from ssldsl.types import DataType


def is_by_own_field(
    ctx: Context, signature: Signature, base: DataValue, settings: Mapping[str, Setting], span: Span
) -> bool:
    """Whether an op of data draws by a field that is there, and takes none away by which they are drawn."""
    by, dropped = signature.traits.drawn_by and str(settings[signature.traits.drawn_by]), signature.traits.drops
    if by and by not in base.type.names:
        ctx.report(dataflow.drawn_by_nothing(signature.name, by, base.type.names, span))
        return False
    return not dropped or keeps(ctx, signature, base, dropped, span)


def keeps(ctx: Context, signature: Signature, base: DataValue, field: str, span: Span) -> bool:
    """Whether data are not drawn by a field that an op takes away or replaces."""
    node = base.node
    while node.inputs and (made_by := ctx.signatures.get(node.op)) is not None and not made_by.joins:
        by = made_by.traits.drawn_by
        before = node.inputs[0].type
        is_true = isinstance(before, DataType) and before.provenance == "true"
        if by and node.setting(by) == field and is_true:
            ctx.report(dataflow.drawn_by_hidden(signature.name, field, span, node.op, node.spans[0]))
            return False
        node = node.inputs[0]
    return True
