"""D421: a memory that an evaluation, or a data op that recurs, reads is one that the steps of the stage write."""

from collections.abc import Iterator

from ssldsl.check.messages import dataflow
from ssldsl.check.state.reader import Reader
from ssldsl.errors import Diagnostic
from ssldsl.ir.nodes import Node
from ssldsl.ir.program import Stage
from ssldsl.ir.walk import ancestors, in_a_step
from ssldsl.source import Span
from ssldsl.types import is_data


def unfed_memory(stage: Stage, reader: Reader) -> Iterator[Diagnostic]:
    """A step writes the memories that its terms, or what it watches, read."""
    in_steps = set(in_a_step(stage.step_roots))
    read: list[tuple[Node, Span]] = [(e.node, e.span) for e in stage.evaluations]
    read += [(node, reader.written_at(node)) for node in in_steps if is_data(node.type)]
    for root, place in read:
        for node in ancestors([root]):
            signature = reader.ctx.signatures.get(node.op)
            if signature is not None and signature.role == "memory" and node not in in_steps:
                yield dataflow.unfed_memory(node.op, place, reader.written_at(node))
