"""Data that a stage computes before its first step, such as labels from an earlier stage's network.

They are computed once, by all processes together, and kept in the run folder: a stage that is continued reads the same
samples and labels, to the bit. `derived/<op>-<digest>.safetensors` holds the numbers of the samples and their labels.
"""

import copy
import re
from collections.abc import Iterable, Mapping
from functools import partial
from pathlib import Path
from typing import Any, Protocol

import torch
from accelerate import Accelerator
from accelerate.utils import broadcast_object_list
from attrs import Factory, define, evolve, frozen
from safetensors import SafetensorError
from safetensors.torch import load_file, save
from torch import Tensor, nn

from ssldsl.errors import Diagnostic, InternalError, SpecError
from ssldsl.graph.plan import NodePlan, StagePlan
from ssldsl.ops.data import Samples
from ssldsl.runtime.checkpoint import write_whole
from ssldsl.runtime.datasets import Made, data_below, data_inputs, derives, meaning
from ssldsl.runtime.devices import make_accelerator
from ssldsl.runtime.direct import Direct, NodeFailure, Weights, weights_of
from ssldsl.runtime.evaluation import Evaluator
from ssldsl.runtime.failures import Moment, explaining_data, explaining_disk, explaining_evaluation
from ssldsl.runtime.layout import lay_out
from ssldsl.runtime.loading import OP_ERRORS, Library, op_object, signature_of
from ssldsl.runtime.modules import module_key, owner
from ssldsl.runtime.places import span_of
from ssldsl.runtime.preparing import Materials, data_ids, rows_of_a_pass
from ssldsl.runtime.progress import Reporter
from ssldsl.runtime.scalars import Scalars

FOLDER = "derived"  # in a run folder
_ROWS = re.compile(r"\w+\[(\d+)[,;\]]")  # of a type such as `Logits[5748, 10]`


class Data(Protocol):
    """What gives the samples of a stage's data nodes, given those that it has computed."""

    def samples(self, stage: StagePlan, id_: str, made: Made = ..., /) -> Samples: ...


@frozen
class Labels:
    """What came out: how many samples there were and how many are left, how many of these were known, how many have
    each label, and which share of those that were not known is labelled as in the data, where the data say.
    """

    samples: int
    kept: int
    known: int
    per_class: tuple[int, ...]
    agreement: float | None

    def as_line(self) -> dict[str, Any]:
        """Part of a line of the records."""
        counts = {"samples": self.samples, "kept": self.kept, "known": self.known, "per_class": list(self.per_class)}
        return counts if self.agreement is None else {**counts, "agreement": self.agreement}

    def __str__(self) -> str:
        known = f", {self.known} of them known" if self.known else ""
        agreement = "" if self.agreement is None else f"; {100 * self.agreement:.2f} % of the others are as in the data"
        return f"{self.kept} of {self.samples} samples labelled{known}{agreement}"


def derived_nodes(stage: StagePlan, library: Library) -> list[NodePlan]:
    """The data nodes that a stage computes, each after those it needs."""
    return [node for node in stage.nodes if node.placement == "data" and derives(library, node)]


def with_derived(
    materials: Materials, stage: StagePlan, datasets: Data, folder: Path, reporter: Reporter
) -> tuple[Materials, dict[str, Labels]]:
    """The materials with the data that a stage computes, and what came out, by a name for the records.

    Reads what the run folder holds, and computes the rest with the weights that earlier stages left there.
    """
    nodes = derived_nodes(stage, materials.library)
    if not nodes:
        return materials, {}
    deriving = Deriving(materials, stage, datasets, folder, reporter)
    labels: dict[str, Labels] = {}
    for node in nodes:
        found = deriving.make(node)
        name = _name(node, stage, materials.library)
        labels[name if name not in labels else f"{name}#{len(labels) + 1}"] = found
    data = {id_: deriving.given(id_) for id_ in data_ids(stage)}
    return evolve(materials, data={**materials.data, stage.name: data}), labels


def _name(node: NodePlan, stage: StagePlan, library: Library) -> str:
    """The stream that is drawn from what a node gives, or the op."""
    nodes = {n.id: n for n in stage.nodes}
    streams = (s.name for s in stage.streams if node in data_below(nodes, s.data, library))
    return next(streams, node.op)


@define
class Deriving:
    """Makes the data of one stage. `made`: those that are made already, by node."""

    materials: Materials
    stage: StagePlan
    datasets: Data
    folder: Path
    reporter: Reporter
    made: dict[str, Samples] = Factory(dict)

    def make(self, node: NodePlan) -> Labels:
        """The samples of a node, from the run folder or computed; they are added to what is made."""
        nodes = {n.id: n for n in self.stage.nodes}
        path = self.folder / FOLDER / f"{node.op}-{meaning(nodes, node.id)[:16]}.safetensors"
        is_there = [path.is_file()]
        if not broadcast_object_list(is_there)[0]:  # as the main process sees it
            self._compute(node, path)
        self.made[node.id] = samples = self._read(node, path)
        if not len(samples):
            message = f"`{node.op}` leaves no sample for stage `{self.stage.name}`"
            place = span_of(node.places[0]) if node.places else None
            raise SpecError(Diagnostic("R431", message, place, help="lower the `confidence` that it asks for"))
        return self._labels(node, samples)

    def given(self, id_: str) -> Samples:
        """The samples of any data node whose parts are made."""
        with explaining_data(self.stage, id_):
            return self.datasets.samples(self.stage, id_, self.made)

    def _compute(self, node: NodePlan, path: Path) -> None:
        """Run the networks over the data, in all processes, and the op in one."""
        accelerator = make_accelerator(self.stage)
        with explaining_data(self.stage), explaining_evaluation(Moment(self.folder, self.stage)):
            tensors = self._tensors(node, accelerator)
            if accelerator.is_main_process:
                made = self._call(node, tensors)
        if accelerator.is_main_process:
            assert made.labels is not None
            content = {"ids": made.ids.cpu().contiguous(), "labels": made.labels.cpu().contiguous()}
            with explaining_disk(self.folder):
                path.parent.mkdir(exist_ok=True)
                write_whole(path, save(content))
        accelerator.wait_for_everyone()
        accelerator.free_memory()

    def _tensors(self, node: NodePlan, accelerator: Accelerator) -> dict[str, Tensor]:
        """The tensors that the op reads, over all samples."""
        materials, stage = self.materials, self.stage
        ids = [id_ for id_ in node.inputs if id_ not in data_inputs(node, materials.library)]
        needed = Direct(materials.plan.seed, stage, materials.modules, materials.library).needed(ids, set())
        evaluator = Evaluator(
            materials.plan,
            stage,
            materials.modules,
            {n.inputs[0]: self.given(n.inputs[0]) for n in needed if n.op == "whole"},
            materials.library,
            accelerator,
            Scalars(stage, materials.library),
            rows=max(1, rows_of_a_pass(stage, accelerator.num_processes) // _views(needed)),
            num_workers=materials.workers,
            earlier=self._earlier(needed, accelerator.device),
            watch=partial(self.reporter.passing, f"{node.op} for stage {stage.name}"),
        )
        return evaluator.compute(ids)

    def _earlier(self, needed: Iterable[NodePlan], device: torch.device) -> dict[Weights, nn.ModuleDict]:
        """Copies of the modules that are needed, with the weights that earlier stages left."""
        modules = self.materials.modules
        keys: dict[Weights, list[str]] = {}
        for node in needed:
            if node.op == "net" and (weights := weights_of(node)) is not None:
                keys.setdefault(weights, []).append(module_key(owner(modules, str(node.settings["name"]))[0]))
        copies = {}
        for weights, wanted in keys.items():
            state = self.materials.saved(*weights)
            found = nn.ModuleDict({key: copy.deepcopy(modules[key]) for key in wanted})
            found.load_state_dict({name: t for name, t in state.items() if name.partition(".")[0] in wanted})
            copies[weights] = found.to(device).eval()
            lay_out(found, device, self.stage.precision)
        return copies

    def _call(self, node: NodePlan, tensors: Mapping[str, Tensor]) -> Samples:
        data = data_inputs(node, self.materials.library)
        edges = {p: self.given(i) if i in data else tensors[i] for i, p in zip(node.inputs, node.params, strict=True)}
        try:
            made = op_object(signature_of(self.materials.library, node.op))(**edges, **node.settings)
        except OP_ERRORS as error:
            raise NodeFailure(node, error) from error
        if not isinstance(made, Samples) or made.labels is None:
            raise InternalError(f"`{node.op}` gave a {type(made).__name__}, and no samples with labels")
        return made

    def _read(self, node: NodePlan, path: Path) -> Samples:
        """Samples of the first data that a file numbers, with its labels."""
        try:
            content = load_file(path)
            ids, labels = content["ids"], content["labels"]
        except (OSError, SafetensorError, KeyError) as error:
            message = f"{path} is damaged: it is not what the run wrote there"
            help = "remove it; `ssldsl resume` computes it again"
            raise SpecError(Diagnostic("R408", message, help=help)) from error
        first = self.given(node.inputs[0])
        rows, is_there = rows_of(ids, first.ids.cpu())
        if not bool(is_there.all()):
            raise InternalError(f"{path} numbers samples that data node {node.inputs[0]} does not have")
        return first.take(rows).with_labels(labels)

    def _labels(self, node: NodePlan, samples: Samples) -> Labels:
        first, *others = data_inputs(node, self.materials.library)
        ids, labels = samples.ids.cpu(), samples.labels
        assert labels is not None
        known = torch.zeros(len(ids), dtype=torch.bool)
        for other in others:
            known |= rows_of(ids, self.given(other).ids.cpu())[1]
        counts = tuple(labels.cpu().bincount().tolist())
        agreement = self._agreement(node, ids[~known], labels.cpu()[~known])
        return Labels(len(self.given(first)), len(ids), int(known.sum()), counts, agreement)

    def _agreement(self, node: NodePlan, ids: Tensor, labels: Tensor) -> float | None:
        """The share of labels that are those of the data set the samples were first read from."""
        nodes = {n.id: n for n in self.stage.nodes}
        while node.op != "split" and node.inputs:
            node = nodes[node.inputs[0]]
        true = self.given(node.id)
        if true.labels is None or not len(ids):
            return None
        rows, is_there = rows_of(ids, true.ids.cpu())
        return float((true.labels.cpu()[rows] == labels)[is_there].double().mean()) if bool(is_there.any()) else None


def rows_of(ids: Tensor, among: Tensor) -> tuple[Tensor, Tensor]:
    """For numbers of samples the rows that have them, and whether there is one (else the row says nothing)."""
    order = among.argsort()
    place = torch.searchsorted(among[order], ids).clamp(max=len(among) - 1)
    rows = order[place]
    return rows, among[rows] == ids


def _views(nodes: Iterable[NodePlan]) -> int:
    """How many rows a network sees of every sample."""
    counts = {op: [int(m[1]) for n in nodes if n.op == op and (m := _ROWS.match(n.type))] for op in ("apply", "whole")}
    return max(1, max(counts["apply"], default=1) // max(1, *counts["whole"], 1))
