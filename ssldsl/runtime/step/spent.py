"""Values that a step can let go of as soon as the one line that reads them has run."""

from collections import Counter

from ssldsl.graph.plan import StagePlan
from ssldsl.ir.primitives import PRIMITIVES


def spent_values(stage: StagePlan) -> frozenset[str]:
    """The ids of values without gradient and without a name of the spec that a single node reads.

    What reads one may take its name, as in `images = flip(images)`: so no view is kept that only the next was made of.
    """
    recorded = {part.node for part in stage.recorded}
    readers = Counter(id_ for node in stage.nodes for id_ in (*node.inputs, node.rows) if id_)
    return frozenset(
        node.id
        for node in stage.nodes
        if readers[node.id] == 1
        and not (node.grad or node.alias or node.id in recorded)
        and (node.op not in PRIMITIVES or node.op == "concat")
    )
