"""Nodes of a plan computed one by one, without generated code: how evaluation runs its part of the graph."""

import operator
from collections.abc import Callable, Mapping
from typing import Any

import torch
from attrs import Factory, define
from torch import Tensor, nn

from ssldsl.errors import InternalError
from ssldsl.graph.plan import NodePlan, StagePlan
from ssldsl.ir.walk import walk
from ssldsl.ops.random import Rows, SampleRng, key_of
from ssldsl.runtime.nets.composition import Composition
from ssldsl.runtime.nets.modules import find
from ssldsl.runtime.ops.errors import OP_ERRORS, NodeFailure
from ssldsl.runtime.ops.load import Library, check_unnamed, op_object, signature_of

Value = Any  # a tensor, a tuple of them, rows, or a network
Resolve = Callable[[Mapping[str, Any]], dict[str, Any]]  # settings -> settings without schedules
NETS = ("net", "compose")
COMPARISONS: Mapping[str, Callable[[Any, Any], Any]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
Weights = tuple[str, bool]  # the stage that left them, and whether they are averaged


def weights_of(node: NodePlan) -> Weights | None:
    """Which weights a `net` node runs with; nothing for the present ones."""
    stage = node.settings.get("stage")
    return None if stage is None else (str(stage), bool(node.settings.get("average")))


@define
class Direct:
    """Computes nodes of a stage."""

    seed: int
    stage: StagePlan
    modules: nn.ModuleDict
    library: Library
    earlier: Mapping[Weights, nn.ModuleDict] = Factory(dict)  # modules with weights that earlier stages left
    nodes: dict[str, NodePlan] = Factory(dict)

    def __attrs_post_init__(self) -> None:
        self.nodes = {node.id: node for node in self.stage.nodes}

    def compute(self, wanted: list[NodePlan], values: dict[str, Value], resolve: Resolve) -> dict[str, Value]:
        """The values of nodes in an order that can be run; `values` holds what they start from, and is added to."""
        for node in wanted:
            if node.id in values:
                continue
            try:
                values[node.id] = self._value(node, values, resolve)
            except OP_ERRORS as error:
                raise NodeFailure(node, error) from error
        return values

    def needed(self, roots: list[str], given: set[str]) -> list[NodePlan]:
        """The nodes that the roots need and that are not given, in the order of the plan."""

        def needs(id_: str) -> list[str]:
            node = self.nodes[id_]
            inputs = () if node.op == "whole" else node.inputs  # how the data came about is another matter
            return [needed for needed in (*inputs, *([node.rows] if node.rows else [])) if needed not in given]

        found = set(walk([root for root in roots if root not in given], needs))
        return [node for node in self.stage.nodes if node.id in found]

    def _value(self, node: NodePlan, values: Mapping[str, Value], resolve: Resolve) -> Value:
        if node.op in NETS:
            return Composition(*self._parts(node))
        inputs = [values[id_] for id_ in node.inputs]
        if node.op in PRIMITIVES:
            return PRIMITIVES[node.op](inputs, resolve(node.settings))
        return self._call(node, inputs, values, resolve(node.settings))

    def _parts(self, node: NodePlan) -> list[nn.Module]:
        """The modules of a network, with the weights it says."""
        if node.op == "compose":
            return [part for input_ in node.inputs for part in self._parts(self.nodes[input_])]
        weights = weights_of(node)
        return [find(self.modules if weights is None else self.earlier[weights], str(node.settings["name"]))]

    def edges(self, node: NodePlan, inputs: list[Value]) -> dict[str, Any]:
        """What an op is given, by the names of its edges."""
        signature = signature_of(self.library, node.op)
        edges: dict[str, Any] = {}
        for name, value in zip(node.params, inputs, strict=True):
            edge = signature.edge(name)
            if edge is None:
                raise InternalError(f"node {node.id}: `{node.op}` has no edge `{name}`")
            if edge.many:
                edges.setdefault(name, []).append(value)
            else:
                edges[name] = value
        return edges

    def _call(
        self, node: NodePlan, inputs: list[Value], values: Mapping[str, Value], settings: dict[str, Any]
    ) -> Value:
        signature = signature_of(self.library, node.op)
        edges = self.edges(node, inputs)
        if signature.uses_rng:
            if node.rows is None:
                raise InternalError(f"node {node.id}: `{node.op}` draws random numbers but does not say for which rows")
            settings["rng"] = SampleRng(key_of(self.seed, self.stage.name, node.draw), values[node.rows])
        if not signature.is_module:
            return op_object(signature)(**edges, **settings)
        module = op_object(signature)(**settings)
        check_unnamed(module, node)
        return module.eval()(**edges)


def _repeat(inputs: list[Value], settings: Mapping[str, Any]) -> Value:
    (value,), times = inputs, int(settings["times"])
    return value.repeat(times) if isinstance(value, Rows) else value.repeat_interleave(times, dim=0)


def _concat(inputs: list[Value], settings: Mapping[str, Any]) -> Value:
    if isinstance(inputs[0], Rows):
        return Rows.joined(*inputs)
    return torch.cat(inputs)


def _sum(inputs: list[Value], settings: Mapping[str, Any]) -> Tensor:
    total: Tensor = inputs[0]
    for value in inputs[1:]:
        total = total + value
    return total


def _weighted_sum(inputs: list[Value], settings: Mapping[str, Any]) -> Tensor:
    parts = [by * value for by, value in zip(settings["by"], inputs, strict=True)]
    return _sum(parts if settings.get("plus") is None else [settings["plus"], *parts], {})


def _compare(inputs: list[Value], settings: Mapping[str, Any]) -> Tensor:
    left, right = [*inputs, settings.get("to")][:2]
    found: Tensor = COMPARISONS[settings["sign"]](left, right)
    return found.float()


PRIMITIVES: Mapping[str, Callable[[list[Value], Mapping[str, Any]], Value]] = {
    "apply": lambda inputs, settings: inputs[0](inputs[1]),
    "index": lambda inputs, settings: inputs[0].index,
    "field": lambda inputs, settings: getattr(inputs[0], settings["name"]),
    "stop": lambda inputs, settings: inputs[0].detach(),
    "repeat": _repeat,
    "concat": _concat,
    "sum": _sum,
    "mean": lambda inputs, settings: _sum(inputs, settings) / len(inputs),
    "row_mean": lambda inputs, settings: inputs[0].mean(),
    "weighted_sum": _weighted_sum,
    "product": lambda inputs, settings: inputs[0] * inputs[1],
    "compare": _compare,
}
