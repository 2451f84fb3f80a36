"""What generated code asks for a network by: its path, and whose weights are meant."""

from collections.abc import Callable, Mapping
from functools import partial

from torch import Tensor, nn

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

    `average.encoder` with those that the present stage averages; `heads.best.assign` for the best of a list by a term.
    """
    weights, path = weights_of(node), str(node.settings["name"])
    if node.settings.get("by") is not None:
        return f"{node.settings['best_of']}.best.{node.settings['by']}{_inside(node)}"
    stage, average = weights or (NOW, False)
    return ".".join([*([stage] if stage else []), *(["average"] if average else []), path])


def _inside(node: NodePlan) -> str:
    """What of a network of a list is meant: `.linear` of `heads.0.linear`."""
    _, _, rest = str(node.settings["name"]).removeprefix(f"{node.settings['best_of']}.").partition(".")
    return f".{rest}" if rest else ""


class Chosen(nn.Module):
    """The network of a list that is the best at the moment. It owns nothing: the networks belong to the stage."""

    def __init__(self, nets: list[nn.Module], choose: Callable[[], int]) -> None:
        super().__init__()
        self.nets, self.choose = tuple(nets), choose

    def forward(self, *inputs: Tensor) -> Tensor:
        """What that network gives."""
        return self.nets[self.choose()](*inputs)  # type: ignore[no-any-return]  # modules of the library give tensors


def _chosen(node: NodePlan, modules: nn.ModuleDict, choose: Callable[[str], int]) -> Chosen:
    of, count = str(node.settings["best_of"]), 0
    while any(key.replace("/", ".").startswith(f"{of}.{count}") for key in modules):
        count += 1
    nets = [find(modules, f"{of}.{number}{_inside(node)}") for number in range(count)]
    return Chosen(nets, partial(choose, str(node.settings["by"])))


def modules_by_key(
    nodes: Mapping[str, NodePlan],
    modules: nn.ModuleDict,
    earlier: Mapping[Weights, nn.ModuleDict],
    choose: Callable[[str], int],
) -> dict[str, nn.Module]:
    """What the `net` nodes mean, of the present modules and those that earlier stages left.

    choose: by the name of a term, which network of a list it is lowest of.
    """
    found: dict[str, nn.Module] = {}
    for node in nodes.values():
        weights = weights_of(node)
        if node.op == "net" and node.settings.get("by") is not None:
            found[net_key(node)] = _chosen(node, modules, choose)
        elif node.op == "net" and (weights is None or weights in earlier):
            known = modules if weights is None else earlier[weights]
            found[net_key(node)] = find(known, str(node.settings["name"]))
    return found
