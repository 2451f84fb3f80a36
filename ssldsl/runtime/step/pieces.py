"""Slices that together are all rows of a value, to be cut at once.

Backwards, every slice would be as large as the whole, zeros for the most part, and all of these would be added up; of
pieces that are cut at once the whole is put together again.
"""

from collections.abc import Mapping, Sequence

from ssldsl.graph.plan import NodePlan
from ssldsl.graph.plan_types import TensorPlan
from ssldsl.ir.primitives.slice import bounds_of


def pieces_of(nodes: Mapping[str, NodePlan]) -> dict[str, tuple[NodePlan, ...]]:
    """For every slice of a step that a gradient goes through, it and the others that the whole falls into, in order."""
    slices: dict[str, list[NodePlan]] = {}
    for node in nodes.values():
        if node.op == "slice" and node.grad and node.placement == "step" and not node.settings.get("step"):
            slices.setdefault(node.inputs[0], []).append(node)
    found = (_cover([c for c in cuts if c.update == nodes[id_].update], nodes[id_]) for id_, cuts in slices.items())
    return {piece.id: pieces for pieces in found for piece in pieces}


def sizes_of(pieces: Sequence[NodePlan], shards: int) -> int | list[int]:
    """How many rows each has in one of several equal parts of a batch; one number where all are as large."""
    bounds = [bounds_of(piece.settings, shards) for piece in pieces]
    sizes = [stop - start for start, stop in bounds]
    return sizes[0] if len(set(sizes)) == 1 else sizes


def _cover(cuts: Sequence[NodePlan], whole: NodePlan) -> tuple[NodePlan, ...]:
    """Those of the cuts that follow one another from the first row to the last; nothing if none do."""
    shortest: dict[int, NodePlan] = {}
    for cut in sorted(cuts, key=lambda cut: -int(cut.settings["stop"])):
        shortest[int(cut.settings["start"])] = cut
    pieces, end = [], 0
    while end in shortest:
        pieces.append(shortest[end])
        end = int(shortest[end].settings["stop"])
    is_all = isinstance(whole.type, TensorPlan) and whole.type.dims[:1] == (end,)
    return tuple(pieces) if is_all and len(pieces) > 1 else ()
