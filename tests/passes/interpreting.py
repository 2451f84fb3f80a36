"""Computes a graph directly, node by node, in double precision: what its terms are worth and their gradients."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.func import functional_call
from torch.nn import functional

from ssldsl.graph.graph import Graph
from ssldsl.graph.primitives import slice_of
from ssldsl.ir.nodes import Node
from ssldsl.types import Dim

ROWS = {"B_labeled": 3, "B_unlabeled": 4}


class Nets(nn.Module):
    """A network for every name; coupled ones normalise by the statistics of the batch."""

    def __init__(self, graph: Graph) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.kept = nn.ModuleDict()
        for node in sorted((n for n in graph.nodes if n.op == "net"), key=lambda n: str(n.setting("name"))):
            width = node.type.target.dims[-1].value  # type: ignore[union-attr]  # a net
            layers: list[nn.Module] = [nn.Flatten(), nn.LazyLinear(int(width or 1), dtype=torch.float64)]
            if node.type.couples_batch:  # type: ignore[union-attr]  # a net
                layers.append(nn.BatchNorm1d(int(width or 1), dtype=torch.float64))
            self.kept[self.key(node)] = nn.Sequential(*layers, nn.Tanh())

    def key(self, node: Node) -> str:
        return str(node.setting("name")).replace(".", "_")

    def forward(self, node: Node, value: Tensor) -> Tensor:
        for part in node.inputs if node.op == "compose" else (node,):
            value = self.kept[self.key(part)](value)
        return value


def values(graph: Graph, nets: Nets) -> dict[str, Tensor]:
    """The value of every term."""
    computed: dict[Node, Any] = {}
    for node in graph.nodes:
        if node in graph.trained_nodes and node.op not in (
            "net",
            "compose",
            "source",
            "split",
            "subset",
            "unlabel",
            "rows",
        ):
            with torch.set_grad_enabled(node not in graph.no_grad):
                computed[node] = _value(node, [computed.get(n) for n in node.inputs], nets)
    return {term.name: computed[term.node] for term in graph.terms}


def gradients(graph: Graph, nets: Nets) -> dict[str, Tensor]:
    """The gradient of the sum of the terms for every parameter that has one."""
    nets.zero_grad()
    sum(values(graph, nets).values(), torch.zeros(())).backward()
    return {name: p.grad.clone() for name, p in nets.named_parameters() if p.grad is not None}


def statistics(nets: Nets) -> dict[str, Tensor]:
    return {name: buffer.clone() for name, buffer in nets.named_buffers()}


def number(size: Dim) -> int:
    value = size.substitute(ROWS).value
    assert value is not None
    return value


def _value(node: Node, inputs: list[Any], nets: Nets) -> Any:
    if node.op == "draw":
        return _drawn(node)
    if node.op == "apply":
        return nets(node.inputs[0], inputs[1])
    if node.op == "slice":
        start, stop, step = slice_of(node)
        return inputs[0][number(start) : number(stop) : step]
    if node.op == "virtual_adversarial":
        return _perturbed(node, inputs[1], inputs[2], nets)
    return _PLAIN[node.op](node, inputs)


def _drawn(node: Node) -> Tensor:
    stream, name = node.setting("stream"), node.setting("field")
    numbers = torch.Generator().manual_seed(len(stream))
    rows = ROWS[f"B_{stream}"]
    if name == "label":
        return torch.randint(10, (rows,), generator=numbers)
    return torch.rand(rows, 1, 8, 8, generator=numbers, dtype=torch.float64)


def _perturbed(node: Node, images: Tensor, logits: Tensor, nets: Nets) -> Tensor:
    """A stand-in for the adversarial loss: it calls the network and leaves statistics alone."""
    moved = functional_call(nets, statistics(nets), (node.inputs[0], images + 0.1))
    return (moved - logits.detach()).square().mean()


def _shifted(node: Node, inputs: list[Any]) -> Tensor:
    """Shifted by a distance that is a matter of the draw alone."""
    return torch.roll(inputs[0], sum(map(ord, node.draw)) % 3 + 1, dims=-1)


def _rotated(node: Node, inputs: list[Any]) -> dict[str, Tensor]:
    turned = torch.stack([inputs[0].rot90(k, dims=(2, 3)) for k in range(4)], dim=1).flatten(0, 1)
    return {"images": turned, "angles": torch.arange(4).repeat(len(inputs[0]))}


_PLAIN: dict[str, Callable[[Node, list[Any]], Any]] = {
    "shift": _shifted,
    "rotate4": _rotated,
    "field": lambda node, inputs: inputs[0][node.setting("name")],
    "stop": lambda node, inputs: inputs[0].detach(),
    "gather": lambda node, inputs: inputs[0],
    "local": lambda node, inputs: inputs[0],
    "concat": lambda node, inputs: torch.cat(inputs),
    "mean": lambda node, inputs: sum(inputs) / len(inputs),
    "sum": lambda node, inputs: sum(inputs),
    "repeat": lambda node, inputs: inputs[0].repeat_interleave(node.setting("times"), dim=0),
    "cross_entropy": lambda node, inputs: functional.cross_entropy(inputs[0], inputs[1]),
    "entropy": lambda node, inputs: -(inputs[0].softmax(1) * inputs[0].log_softmax(1)).sum(1).mean(),
    "spread": lambda node, inputs: inputs[0].std(),
}
