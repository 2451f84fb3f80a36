"""What a stage remembers from step to step: queues, centers. A step reads it as it was when the step began.

What is to be remembered comes with the losses of a step, from all processes, and is committed when all parts of the
batch are through. So neither the number of processes nor that of parts changes what a memory holds.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import torch
from attrs import frozen
from torch import Tensor, nn

from ssldsl.graph.plan import InitPlan, NodePlan, Plan, StagePlan
from ssldsl.ir.primitives import PRIMITIVES
from ssldsl.ops.library import Library
from ssldsl.ops.weights import below
from ssldsl.runtime.nets.build import ModuleBuilder
from ssldsl.runtime.nets.modules import module_key
from ssldsl.runtime.nets.shapes import Shape
from ssldsl.runtime.ops.errors import OP_ERRORS, NodeFailure
from ssldsl.runtime.ops.load import signature_of
from ssldsl.runtime.ops.scalars import Scalars

Tensors = Mapping[str, Tensor]


def is_memory(node: NodePlan, library: Library) -> bool:
    """Whether a node of a step reads a memory."""
    signature = library.get(node.op)
    return signature is not None and signature.role == "memory" and node.placement == "step"


def is_left_by_a_stage(node: NodePlan) -> bool:
    """Whether a node reads a memory as an earlier stage left it."""
    return node.op in PRIMITIVES and PRIMITIVES[node.op].is_memory


def committed(node: NodePlan, input: int) -> str:
    """The name under which a step gives what a memory is to remember of its `input`-th input; no term can have it."""
    return f"{node.draw}.{input}"


def build_memories(plan: Plan, stage: StagePlan, fields: Mapping[str, Shape], library: Library) -> nn.ModuleDict:
    """The memories of a stage as it begins, by name. `fields`: see `build_modules`."""
    builder = ModuleBuilder(plan, fields, library, stage.name)
    nodes = {node.id: node for node in stage.nodes}
    found = [node for node in stage.nodes if is_memory(node, library)]
    return nn.ModuleDict({module_key(node.draw): builder.memory(nodes, node) for node in found})


def earlier_memories(
    plan: Plan,
    nodes: Iterable[NodePlan],
    saved: Callable[[str], Tensors],
    fields: Mapping[str, Shape],
    library: Library,
    dtype: torch.dtype,
) -> nn.ModuleDict:
    """Memories as earlier stages left them, under the names by which nodes read them. `saved`: see `hand_on`."""
    stages = {stage.name: stage for stage in plan.stages}
    found = nn.ModuleDict()
    for node in nodes:
        if is_left_by_a_stage(node):
            stage, key = str(node.settings["stage"]), module_key(str(node.settings["memory"]))
            memory = build_memories(plan, stages[stage], fields, library)[key].to(dtype)
            memory.load_state_dict(below(saved(stage), f"{key}."))
            found[module_key(node.draw)] = memory
    return found


def hand_on(modules: nn.ModuleDict, inits: Iterable[InitPlan], saved: Callable[[str], Tensors]) -> None:
    """Let memories go on as earlier stages left them. `saved`: a stage -> what its memories held at its end."""
    for init in inits:
        state = saved(init.stage) if init.memories else {}
        for draw in init.memories:
            key = module_key(draw)
            modules[key].load_state_dict(below(state, f"{key}."))


@frozen
class Memory:
    """One memory of a stage. `many`: edges that take several values. `varying`: settings that change with time.

    batches: of every input, the numbers of rows of the batches that are joined in it, up to a factor.
    """

    node: NodePlan
    module: nn.Module
    many: frozenset[str]
    varying: Mapping[str, Any]
    batches: tuple[tuple[int, ...], ...]

    @property
    def reads(self) -> list[str]:
        return [committed(self.node, i) for i in range(len(self.node.inputs))]

    def commit(self, parts: Sequence[Tensors], settings: Mapping[str, Any]) -> None:
        """Remember the rows of all parts, in order."""
        for name, value in settings.items():
            setattr(self.module, name, value)
        edges: dict[str, Any] = {}
        for edge, name, batches in zip(self.node.params, self.reads, self.batches, strict=True):
            rows = _joined([part[name] for part in parts], batches)
            if edge in self.many:
                edges.setdefault(edge, []).append(rows)
            else:
                edges[edge] = rows
        try:
            self.module.commit(**edges)  # type: ignore[operator]  # what the library reads as a memory has this method
        except OP_ERRORS as error:
            raise NodeFailure(self.node, error) from error


def _joined(parts: list[Tensor], batches: Sequence[int]) -> Tensor:
    """The rows of all parts of a batch, or of each of several batches that lie one after another in every part."""
    if len(parts) == 1 or not parts[0].ndim:
        return parts[0]
    sizes = [len(parts[0]) * rows // sum(batches) for rows in batches]
    return torch.cat([torch.cat(rows) for rows in zip(*(torch.split(part, sizes) for part in parts), strict=True)])


@frozen
class Memories:
    """All memories of a stage. `modules`: they, by name, as checkpoints hold them."""

    modules: nn.ModuleDict
    all: tuple[Memory, ...]
    scalars: Scalars

    def pending_writes(self, given: Tensors) -> Tensors:
        """Of what a step gives for a part of the batch, what is to be remembered."""
        return {name: given[name] for memory in self.all for name in memory.reads if name in given}

    def commit(self, parts: Sequence[Tensors], step: int) -> None:
        """Remember the pending writes of all parts of a step, of the memories that it read. `step`: from 0."""
        for memory in (memory for memory in self.all if all(name in parts[0] for name in memory.reads)):
            memory.commit(parts, self.scalars.resolve(memory.varying, step))


def make_memories(stage: StagePlan, modules: nn.ModuleDict, scalars: Scalars, library: Library) -> Memories:
    """The memories that `build_memories` made, ready to be written."""
    found = [node for node in stage.nodes if is_memory(node, library)]
    nodes = {node.id: node for node in stage.nodes}
    return Memories(modules, tuple(_memory(node, nodes, modules, library) for node in found), scalars)


def _memory(node: NodePlan, nodes: Mapping[str, NodePlan], modules: nn.ModuleDict, library: Library) -> Memory:
    many = frozenset(edge.name for edge in signature_of(library, node.op).edges if edge.many)
    varying = {name: value for name, value in node.settings.items() if isinstance(value, dict)}
    batches = tuple(tuple(nodes[id_].settings.get("parts", (1,))) for id_ in node.inputs)
    return Memory(node, modules[module_key(node.draw)], many, varying, batches)
