"""D412: a loss that tells samples apart gets more than one of them."""

from collections.abc import Iterator

from ssldsl.check.messages import dataflow
from ssldsl.check.state.reader import Reader
from ssldsl.check.typing.index_field import count_samples
from ssldsl.errors import Diagnostic
from ssldsl.ir.program import Stage
from ssldsl.ir.walk import in_a_step


def lone_sample(stage: Stage, reader: Reader) -> Iterator[Diagnostic]:
    """That samples come several times at all is asked where the loss is called (`agreements`)."""
    for node in in_a_step(stage.step_roots):
        signature = reader.ctx.signatures.get(node.op)
        for value in node.inputs if signature is not None and signature.traits.copies else ():
            if value.op == "index" and count_samples(value.inputs[0], dict(stage.batch)) == 1:
                yield dataflow.lone_sample(node.op, reader.written_at(node))
