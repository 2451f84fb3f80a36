"""Data that a stage computes before its first step: once, by all processes, with the weights of earlier stages."""

import copy
from collections.abc import Collection, Iterable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import torch
from accelerate import Accelerator
from accelerate.utils import broadcast_object_list
from attrs import Factory, define, evolve
from torch import Tensor, nn

from ssldsl.errors import InternalError
from ssldsl.graph.plan import NodePlan, StagePlan
from ssldsl.graph.plan_types import DataPlan, TensorPlan
from ssldsl.ops.data import Samples
from ssldsl.ops.library import Library
from ssldsl.ops.random import Rows, SampleRng, key_of
from ssldsl.ops.samples import field_of
from ssldsl.runtime.console.progress import ProgressReporter
from ssldsl.runtime.data.datasets import computed_fields, data_inputs, pace_of
from ssldsl.runtime.data.derived import Computed, Derived, SampleSource, derived_nodes
from ssldsl.runtime.device.accelerator import make_accelerator
from ssldsl.runtime.device.layout import put_on
from ssldsl.runtime.device.precision import dtype_of
from ssldsl.runtime.evaluate.evaluator import Evaluator
from ssldsl.runtime.evaluate.lower import nodes_of
from ssldsl.runtime.failures import StepContext, explaining_data, explaining_evaluation
from ssldsl.runtime.folder.stage_end import final_memories
from ssldsl.runtime.nets.keys import Weights, weights_of
from ssldsl.runtime.nets.memories import earlier_memories
from ssldsl.runtime.nets.modules import module_and_part, module_key
from ssldsl.runtime.ops.errors import OP_ERRORS, NodeFailure
from ssldsl.runtime.ops.load import op_object, signature_of
from ssldsl.runtime.ops.scalars import Scalars
from ssldsl.runtime.stage_setup import RunResources, data_ids, rows_of_a_pass


def with_derived(
    resources: RunResources, stage: StagePlan, datasets: SampleSource, folder: Path, reporter: ProgressReporter
) -> tuple[RunResources, dict[str, Computed]]:
    """The resources with the data that a stage computes, and what came out, by a name for the records.

    Reads what the run folder holds, and computes the rest with the weights that earlier stages left there.
    """
    nodes = derived_nodes(stage, resources.library)
    if not nodes:
        return resources, {}
    data = Derived(stage, datasets, resources.library, folder)
    builder = DerivedBuilder(resources, data, reporter)
    found: dict[str, Computed] = {}
    for node in nodes:
        if pace_of(node):  # with networks that are not there yet
            continue
        builder.make(node)
        name = data.name(node)
        found[name if name not in found else f"{name}#{len(found) + 1}"] = data.computed(node)
    samples = {id_: data.given(id_) for id_ in data_ids(stage)}
    computed = {**resources.computed, stage.name: data}
    return evolve(resources, data={**resources.data, stage.name: samples}, computed=computed), found


@define
class DerivedBuilder:
    """Makes the data of one stage. `memories`: those of the stage, where it has begun."""

    resources: RunResources
    data: Derived
    reporter: ProgressReporter
    memories: nn.ModuleDict = Factory(nn.ModuleDict)

    def make(self, node: NodePlan) -> None:
        """Compute what a node gives unless the run folder holds it, and read it."""
        is_there = [self.data.path(node).is_file()]
        if not broadcast_object_list(is_there)[0]:  # as the main process sees it
            self._compute(node)
        self.data.read(node)

    def _compute(self, node: NodePlan) -> None:
        """Run the networks over the data, in all processes, and the op in one."""
        stage = self.data.stage
        accelerator = make_accelerator(stage)
        with explaining_data(stage), explaining_evaluation(StepContext(self.data.folder, stage)):
            tensors = self.tensors(node, accelerator)
            if accelerator.is_main_process:
                self.data.write(node, self.call(node, tensors))
        accelerator.wait_for_everyone()
        accelerator.free_memory()

    def tensors(self, node: NodePlan, accelerator: Accelerator, step: int = 0) -> dict[str, Tensor]:
        """The tensors that the op reads, over all samples, after so many steps."""
        resources, stage = self.resources, self.data.stage
        ids = [id_ for id_ in node.inputs if id_ not in data_inputs(node, resources.library)]
        needed = nodes_of(stage, ids, resources.library)
        evaluator = Evaluator(
            resources.plan,
            stage,
            resources.modules,
            {n.inputs[0]: self.data.given(n.inputs[0]) for n in needed if n.op == "full_dataset"},
            resources.library,
            accelerator,
            Scalars(stage, resources.library),
            rows=max(1, rows_of_a_pass(stage, accelerator.num_processes) // _views(needed)),
            num_workers=resources.workers,
            earlier=self._earlier(needed, accelerator.device),
            watch=partial(self.reporter.passing, f"{node.op} for stage {stage.name}"),
            memories=self._memories(needed, accelerator.device),
        )
        return evaluator.compute(ids, step)

    def _memories(self, needed: Iterable[NodePlan], device: torch.device) -> nn.ModuleDict:
        """The memories of the stage, and what the nodes that are needed read of those of earlier ones."""
        resources = self.resources
        saved = partial(final_memories, resources.run)
        dtype = dtype_of(self.data.stage.precision)
        earlier = earlier_memories(resources.plan, needed, saved, resources.fields, resources.library, dtype)
        return nn.ModuleDict({**self.memories, **earlier.to(device)})

    def _earlier(self, needed: Iterable[NodePlan], device: torch.device) -> dict[Weights, nn.ModuleDict]:
        """Copies of the modules that are needed, with the weights that earlier stages left."""
        modules = self.resources.modules
        keys: dict[Weights, list[str]] = {}
        for node in needed:
            if node.op == "net" and (weights := weights_of(node)) is not None:
                keys.setdefault(weights, []).append(module_key(module_and_part(modules, str(node.settings["name"]))[0]))
        copies = {}
        for weights, wanted in keys.items():
            state = self.resources.saved(*weights)
            found = nn.ModuleDict({key: copy.deepcopy(modules[key]) for key in wanted})
            put_on(found, device, self.data.stage.precision)  # first, or weights would lose digits that they have
            found.load_state_dict({name: t for name, t in state.items() if name.partition(".")[0] in wanted})
            copies[weights] = found.eval()
        return copies

    def call(self, node: NodePlan, tensors: Mapping[str, Tensor], step: int = 0) -> Samples:
        """What the op makes of them. One that draws does so anew after every number of steps."""
        library = self.resources.library
        signature = signature_of(library, node.op)
        pairs = zip(node.inputs, node.params, strict=True)
        edges = {param: tensors[id_] if id_ in tensors else self.data.given(id_) for id_, param in pairs}
        settings: dict[str, Any] = {name: value for name, value in node.settings.items() if name != "every"}
        if signature.uses_rng:
            key = key_of(self.resources.plan.seed, self.data.stage.name, "data", self.data.name(node))
            ids = self.data.given(node.inputs[0]).ids.cpu()
            settings["rng"] = SampleRng(key, Rows(ids, torch.full_like(ids, step), torch.zeros_like(ids)))
        try:
            made = op_object(signature)(**edges, **settings)
        except OP_ERRORS as error:
            raise NodeFailure(node, error) from error
        if not isinstance(made, Samples):
            raise InternalError(f"`{node.op}` gave a {type(made).__name__}, and no samples")
        check_fields(node, made, library)
        return made


def check_fields(node: NodePlan, made: Samples, library: Library) -> None:
    """What an op says that it computes of every sample is there, of the shape and range that it says."""
    assert isinstance(node.type, DataPlan)
    for name in computed_fields(library, node):
        values, type_ = field_of(made, name), node.type.fields[name]
        if values is None:
            raise wrong_field(node, name, "is missing")
        shape = tuple(dim for dim in type_.dims if isinstance(dim, int))
        if tuple(values.shape[1:]) != shape and len(shape) == len(type_.dims):
            raise wrong_field(node, name, f"has samples of the shape {tuple(values.shape[1:])} instead of {shape}")
        if type_.kind == "Labels" and isinstance(type_.classes, int) and len(values):
            low, high = int(values.min()), int(values.max())
            if low < 0 or high >= type_.classes:
                raise wrong_field(node, name, f"has labels {low} to {high} instead of 0 to {type_.classes - 1}")


def wrong_field(node: NodePlan, name: str, why: str) -> NodeFailure:
    """An op that gives something else than it says."""
    return NodeFailure(node, ValueError(f"the field `{name}` that it gives {why}"))


def _views(nodes: Collection[NodePlan]) -> int:
    """How many rows a network sees of every sample."""
    rows = {op: [_rows(node) for node in nodes if node.op == op] for op in ("apply", "full_dataset")}
    return max(1, max(rows["apply"], default=1) // max(1, *rows["full_dataset"], 1))


def _rows(node: NodePlan) -> int:
    """The rows of a tensor; 1 where their number is not known."""
    dims = node.type.dims if isinstance(node.type, TensorPlan) else ()
    return dims[0] if dims and isinstance(dims[0], int) else 1
