"""D431: what is watched changes nothing: no network takes note of a batch that the loss does not show it."""

from collections.abc import Iterator

from ssldsl.check.messages import dataflow
from ssldsl.check.state.reader import Reader
from ssldsl.errors import Diagnostic
from ssldsl.ir.modules import paths_of
from ssldsl.ir.program import Stage
from ssldsl.ir.walk import ancestors
from ssldsl.types import NetType


def watch_changes_nothing(stage: Stage, reader: Reader) -> Iterator[Diagnostic]:
    """Batch normalization counts the batches that pass; of what is watched, only those that a term sends through."""
    trained = set(ancestors(term.node for term in stage.terms))
    for watch in stage.watches:
        for node in ancestors([watch.node]):
            nets = [] if node in trained or node.op == "compose" else node.inputs
            net = next((n for n in nets if isinstance(n.type, NetType) and n.type.couples_batch), None)
            if net is not None:
                yield dataflow.watch_moves_statistics(watch.name, paths_of(net), reader.written_at(node))
                break
