"""Data that a stage computed before its first step, such as labels from an earlier network, as a run folder keeps them.

`derived/<op>-<digest>.safetensors` holds the numbers of the samples, their labels and the fields that they were given.
So a stage that is continued, or evaluated later, reads the same samples with the same fields, to the bit.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

import torch
from attrs import Factory, define, frozen
from safetensors import SafetensorError
from safetensors.torch import load_file, save
from torch import Tensor

from ssldsl.errors import Diagnostic, InternalError, SpecError
from ssldsl.graph.plan import NodePlan, StagePlan
from ssldsl.graph.plan_types import DataPlan, TensorPlan
from ssldsl.ops.data import Samples
from ssldsl.ops.library import Library
from ssldsl.ops.samples import field_of, with_fields
from ssldsl.runtime.data.datasets import Made, computed_fields, data_below, data_inputs, derives, meaning
from ssldsl.runtime.failures import explaining_data, explaining_disk
from ssldsl.runtime.folder.checkpoint import write_whole
from ssldsl.runtime.folder.run_folder import DERIVED
from ssldsl.runtime.ops.load import signature_of
from ssldsl.runtime.spans import span_of

_KEYS = {"label": "labels"}  # what a file calls a field, where that is not `field.NAME`


class SampleSource(Protocol):
    """What gives the samples of a stage's data nodes, given those that it has computed."""

    def samples(self, stage: StagePlan, id_: str, made: Made = ..., /) -> Samples: ...


@frozen
class Labels:
    """The labels that came out.

    known: how many of the samples were labeled before. per_class: how many have each label. agreement: the share of the
    others that are labeled as in the data, where the data say.
    """

    known: int
    per_class: tuple[int, ...]
    agreement: float | None

    def as_line(self) -> dict[str, Any]:
        counts = {"known": self.known, "per_class": list(self.per_class)}
        return counts if self.agreement is None else {**counts, "agreement": self.agreement}

    def __str__(self) -> str:
        known = f", {self.known} of them known" if self.known else ""
        agreement = "" if self.agreement is None else f"; {100 * self.agreement:.2f} % of the others are as in the data"
        return f"{known}{agreement}"


@frozen
class Computed:
    """What came out of a node: how many samples of how many, their labels, and the added fields in numbers."""

    samples: int
    kept: int
    labels: Labels | None
    fields: Mapping[str, Mapping[str, float]]

    def as_line(self) -> dict[str, Any]:
        """Part of a line of the records."""
        counts: dict[str, Any] = {"samples": self.samples, "kept": self.kept}
        labels = self.labels.as_line() if self.labels is not None else {}
        fields = {name: dict(numbers) for name, numbers in self.fields.items()}
        return {**counts, **labels, **({"fields": fields} if fields else {})}

    def __str__(self) -> str:
        how_many = f"{self.kept} of {self.samples} samples" if self.kept <= self.samples else f"{self.kept} rows"
        parts = [f"{how_many}{f' labeled{self.labels}' if self.labels is not None else ''}"]
        parts += [f"`{name}`: {_in_words(numbers)}" for name, numbers in self.fields.items()]
        return "; ".join(parts)


def _in_words(numbers: Mapping[str, float]) -> str:
    return ", ".join(f"{name} {value if isinstance(value, int) else f'{value:.4g}'}" for name, value in numbers.items())


def field_numbers(values: Tensor, type_: TensorPlan) -> dict[str, float]:
    """A field in a few numbers: of labels how many samples have each, of probabilities how sure they are."""
    if type_.kind == "Labels":
        counts = values.bincount(minlength=type_.classes if isinstance(type_.classes, int) else 0)
        return {"fewest": int(counts.min()), "most": int(counts.max()), "empty": int((counts == 0).sum())}
    if type_.kind == "Probs":
        return {"confidence": float(values.double().amax(dim=-1).mean())}
    return {"mean": float(values.double().mean()), "s.d.": float(values.double().std(correction=0))}


def derived_nodes(stage: StagePlan, library: Library) -> list[NodePlan]:
    """The data nodes that a stage computes, each after those it needs."""
    return [node for node in stage.nodes if node.placement == "data" and derives(library, node)]


@define
class Derived:
    """The derived data of one stage of a run. `made`: those that have been read, by node."""

    stage: StagePlan
    datasets: SampleSource
    library: Library
    folder: Path
    made: dict[str, Samples] = Factory(dict)

    @property
    def nodes(self) -> dict[str, NodePlan]:
        """The nodes of the stage by id."""
        return {node.id: node for node in self.stage.nodes}

    def path(self, node: NodePlan) -> Path:
        """Where the run folder holds what a node gives; equal nodes of other stages are the same file."""
        return self.folder / DERIVED / f"{node.op}-{meaning(self.nodes, node.id)[:16]}.safetensors"

    def samples(self, id_: str) -> Samples:
        """The samples of any data node; the run folder holds those that it is derived from."""
        for node in reversed(data_below(self.nodes, id_, self.library)):
            if node.id not in self.made and derives(self.library, node):
                self.read(node)
        return self.given(id_)

    def given(self, id_: str) -> Samples:
        """The samples of a data node whose parts have been read."""
        with explaining_data(self.stage, id_):
            return self.datasets.samples(self.stage, id_, self.made)

    def write(self, node: NodePlan, samples: Samples) -> None:
        """Put what a node gives into the run folder."""
        path = self.path(node)
        with explaining_disk(self.folder):
            path.parent.mkdir(exist_ok=True)
            write_whole(path, save(self.content(node, samples)))

    def content(self, node: NodePlan, samples: Samples) -> dict[str, Tensor]:
        """What a node computed, as tensors: the numbers of the samples, and its fields of them."""
        found = {"ids": samples.ids}
        for name in computed_fields(self.library, node):
            values = field_of(samples, name)
            assert values is not None
            found[_KEYS.get(name, f"field.{name}")] = values
        return {key: values.cpu().contiguous() for key, values in found.items()}

    def read(self, node: NodePlan) -> Samples:
        """The samples of the node's first data that its file numbers, with the fields of the file. At least one."""
        path = self.path(node)
        try:
            return self.put(node, load_file(path))
        except (OSError, SafetensorError, KeyError) as error:
            message = f"{path} is missing or damaged: it is not what the run wrote there"
            help = "remove it; `ssldsl resume` computes it again"
            raise SpecError(Diagnostic("R408", message, help=help)) from error

    def put(self, node: NodePlan, content: Mapping[str, Tensor]) -> Samples:
        """The samples of the node's first data with what was computed of them. At least one."""
        ids = content["ids"]
        fields = {n: content[_KEYS.get(n, f"field.{n}")] for n in computed_fields(self.library, node)}
        first = self.given(node.inputs[0])
        rows, is_there = rows_of(ids, first.ids.cpu())
        if not bool(is_there.all()):
            raise InternalError(f"`{node.op}` numbers samples that data node {node.inputs[0]} does not have")
        if not len(ids):
            message = f"`{node.op}` leaves no sample for stage `{self.stage.name}`"
            place = span_of(node.places[0]) if node.places else None
            raise SpecError(Diagnostic("R431", message, place, help="lower the `threshold` that it asks for"))
        self.made[node.id] = with_fields(first.take(rows), **fields)
        return self.made[node.id]

    def computed(self, node: NodePlan) -> Computed:
        """What came out of a node that has been read."""
        assert isinstance(node.type, DataPlan)
        samples, fields = self.made[node.id], {}
        for name in computed_fields(self.library, node):
            values = field_of(samples, name)
            if name != "label" and values is not None:
                fields[name] = field_numbers(values.cpu(), node.type.fields[name])
        first, *_ = data_inputs(node, self.library)
        has_labels = bool(signature_of(self.library, node.op).traits.provenance)
        return Computed(len(self.given(first)), len(samples), self._labels(node) if has_labels else None, fields)

    def _labels(self, node: NodePlan) -> Labels:
        samples = self.made[node.id]
        assert samples.labels is not None
        _, *others = data_inputs(node, self.library)
        ids, labels = samples.ids.cpu(), samples.labels.cpu()
        known = torch.zeros(len(ids), dtype=torch.bool)
        for other in others:
            known |= rows_of(ids, self.given(other).ids.cpu())[1]
        counts = labels.bincount(minlength=_classes(node))
        return Labels(int(known.sum()), tuple(counts.tolist()), self._agreement(node, ids[~known], labels[~known]))

    def _agreement(self, node: NodePlan, ids: Tensor, labels: Tensor) -> float | None:
        """The share of labels that are those of the data that gave the samples their numbers."""
        while node.op != "split" and node.inputs and not signature_of(self.library, node.op).joins:
            node = self.nodes[node.inputs[0]]
        true = self.given(node.id)
        if true.labels is None:
            return None
        rows, is_there = rows_of(ids, true.ids.cpu())
        return float((true.labels.cpu()[rows] == labels)[is_there].double().mean()) if bool(is_there.any()) else None

    def name(self, node: NodePlan) -> str:
        """What the records call a node: the stream that is drawn from what it gives, or its op."""
        streams = (s.name for s in self.stage.streams if node in data_below(self.nodes, s.data, self.library))
        return next(streams, node.op)


def _classes(node: NodePlan) -> int:
    """How many classes the labels of a data node have; 0 if nobody says."""
    fields = node.type.fields if isinstance(node.type, DataPlan) else {}
    classes = fields["label"].classes if "label" in fields else None
    return classes if isinstance(classes, int) else 0


def rows_of(ids: Tensor, among: Tensor) -> tuple[Tensor, Tensor]:
    """For numbers of samples the rows that have them, and whether there is one (else the row says nothing)."""
    order = among.argsort()
    place = torch.searchsorted(among[order], ids).clamp(max=len(among) - 1)
    rows = order[place]
    return rows, among[rows] == ids
