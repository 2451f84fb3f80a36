"""D434: what reads an averaged network is averaged too, where the stage trains it."""

from collections.abc import Iterator

from ssldsl.check.messages import dataflow
from ssldsl.check.state.reader import Reader
from ssldsl.errors import Diagnostic
from ssldsl.ir.nodes import Node
from ssldsl.ir.program import Stage
from ssldsl.ir.walk import in_a_step


def half_averaged(stage: Stage, reader: Reader) -> Iterator[Diagnostic]:
    """Weights and statistics of one average belong together; the first network that breaks a chain is enough.

    What data were computed from is another matter: labels of an averaged teacher measure a student as any others do.
    """
    trained = {path.partition(".")[0] for path in stage.train}
    for evaluation in stage.evaluations:
        for node in in_a_step([evaluation.node]):
            if node.op != "apply" or _is_averaged(node):
                continue
            path = str(node.inputs[0].setting("name"))
            if path.partition(".")[0] not in trained or node.inputs[0].setting("stage"):
                continue
            averaged = next((n for n in in_a_step([node.inputs[1]]) if n.op == "apply" and _is_averaged(n)), None)
            if averaged is not None:
                yield dataflow.half_averaged(str(averaged.inputs[0].setting("name")), path, evaluation.span)
                break


def _is_averaged(node: Node) -> bool:
    return bool(node.inputs[0].setting("average"))
