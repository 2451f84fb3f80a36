"""What generated code asks for a network by: its path, and whose weights are meant."""

from collections.abc import Mapping

from torch import nn

from ssldsl.graph.plan import NodePlan, StagePlan
from ssldsl.runtime.nets.modules import find

Weights = tuple[str, bool]  # the stage that left them, and whether they are averaged
NOW = ""  # in place of an earlier stage: the average of the present one, as it stands


def weights_of(node: NodePlan) -> Weights | None:
    """Which weights a `net` node runs with; nothing for the present ones."""
    stage, average = node.settings.get("stage"), bool(node.settings.get("average"))
    return None if stage is None and not average else (str(stage or NOW), average)


def measures_average(stage: StagePlan) -> bool:
    """Whether the evaluations of a stage say which networks are averaged: then the others are not."""
    return any(node.op == "net" and weights_of(node) == (NOW, True) for node in stage.nodes)


def net_key(node: NodePlan) -> str:
    """`encoder`; `joint.encoder` and `joint.average.encoder` with weights that an earlier stage left.

    `average.encoder` with those that the present stage averages.
    """
    weights, path = weights_of(node), str(node.settings["name"])
    stage, average = weights or (NOW, False)
    return ".".join([*([stage] if stage else []), *(["average"] if average else []), path])


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
