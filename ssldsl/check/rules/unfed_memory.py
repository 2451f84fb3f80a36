"""D421: a memory that an evaluation reads is one that the steps of the stage write."""

from collections.abc import Iterator

from ssldsl.check.messages import dataflow
from ssldsl.check.state.reader import Reader
from ssldsl.errors import Diagnostic
from ssldsl.ir.program import Stage
from ssldsl.ir.walk import ancestors


def unfed_memory(stage: Stage, reader: Reader) -> Iterator[Diagnostic]:
    """A step writes the memories that its terms, or what it watches, read."""
    in_steps = set(ancestors([*(t.node for t in stage.terms), *(w.node for w in stage.watches)]))
    for evaluation in stage.evaluations:
        for node in ancestors([evaluation.node]):
            signature = reader.ctx.signatures.get(node.op)
            if signature is not None and signature.role == "memory" and node not in in_steps:
                yield dataflow.unfed_memory(node.op, evaluation.span, reader.written_at(node))
