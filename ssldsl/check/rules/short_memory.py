"""D422: a memory holds at least the rows that one step commits to it."""

from collections.abc import Iterator

from ssldsl.check.messages import dataflow
from ssldsl.check.state.reader import Reader
from ssldsl.errors import Diagnostic
from ssldsl.ir.program import Stage
from ssldsl.ir.walk import in_a_step
from ssldsl.types import ROWS, TensorType


def short_memory(stage: Stage, reader: Reader) -> Iterator[Diagnostic]:
    """The op names the setting that says how many rows it holds (`holds`)."""
    rows = {f"{ROWS}{name}": count for name, count in stage.batch}
    for node in in_a_step(stage.step_roots):
        signature = reader.ctx.signatures.get(node.op)
        if signature is None or not signature.traits.holds:
            continue
        length = node.setting(signature.traits.holds)
        for value in node.inputs:
            count = value.type.dims[0].substitute(rows).value if isinstance(value.type, TensorType) else None
            if count is not None and isinstance(length, int) and count > length:
                yield dataflow.short_memory(node.op, signature.traits.holds, length, count, reader.written_at(node))
