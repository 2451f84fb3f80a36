"""What generated code asks for a network by: its path, and whose weights are meant."""

from collections.abc import Mapping

from torch import nn

from ssldsl.graph.plan import NodePlan
from ssldsl.runtime.nets.modules import find

Weights = tuple[str, bool]  # the stage that left them, and whether they are averaged


def weights_of(node: NodePlan) -> Weights | None:
    """Which weights a `net` node runs with; nothing for the present ones."""
    stage = node.settings.get("stage")
    return None if stage is None else (str(stage), bool(node.settings.get("average")))


def net_key(node: NodePlan) -> str:
    """`encoder`; `joint.encoder` and `joint.average.encoder` with weights that an earlier stage left."""
    weights, path = weights_of(node), str(node.settings["name"])
    if weights is None:
        return path
    return f"{weights[0]}.average.{path}" if weights[1] else f"{weights[0]}.{path}"


def modules_by_key(
    nodes: Mapping[str, NodePlan], modules: nn.ModuleDict, earlier: Mapping[Weights, nn.ModuleDict]
) -> dict[str, nn.Module]:
    """What the `net` nodes mean, of the present modules and those that earlier stages left."""
    found = {}
    for node in nodes.values():
        weights = weights_of(node)
        if node.op == "net" and (weights is None or weights in earlier):
            known = modules if weights is None else earlier[weights]
            found[net_key(node)] = find(known, str(node.settings["name"]))
    return found
