"""D415: what compares the rows of a batch gets as many as it needs."""

from collections.abc import Iterator

from ssldsl.check.messages import dataflow
from ssldsl.check.state.reader import Reader
from ssldsl.errors import Diagnostic
from ssldsl.ir.program import Stage
from ssldsl.ir.walk import in_a_step
from ssldsl.types import ROWS, TensorType


def few_rows(stage: Stage, reader: Reader) -> Iterator[Diagnostic]:
    """The op says how many, or names the setting of which a batch has more (`least_rows`). One message for one line."""
    rows = {f"{ROWS}{name}": count for name, count in stage.batch}
    told = set()
    for node in in_a_step(stage.step_roots):
        signature = reader.ctx.signatures.get(node.op)
        needed = signature.rows_needed(dict(node.settings)) if signature is not None else 0
        types = [v.type for v in node.inputs if isinstance(v.type, TensorType) and v.type.dims]
        known = [size for t in types if (size := t.dims[0].substitute(rows).value) is not None]
        if needed and known and min(known) < needed and min(known) not in told:
            told.add(min(known))
            least = signature.traits.least_rows if signature is not None else 0
            setting = least if isinstance(least, str) else ""
            yield dataflow.few_rows(node.op, min(known), needed, setting, reader.written_at(node))
