"""The data of a plan: sources are opened, split and thinned out as its data nodes say, each once, at its first use."""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import torch

from ssldsl.errors import InternalError
from ssldsl.graph.plan import NodePlan, StagePlan
from ssldsl.graph.plan_types import DataPlan
from ssldsl.ops.data import Samples
from ssldsl.ops.library import Library
from ssldsl.ops.samples import SplitsOnUse, count_classes, with_fields
from ssldsl.runtime.ops.errors import OP_ERRORS, NodeFailure
from ssldsl.runtime.ops.load import op_object, signature_of, with_files

Made = Mapping[str, Samples]  # data nodes that a stage has computed, by id
NOTHING: Made = MappingProxyType({})


class Datasets:
    """What the data nodes of a plan's stages give. Equal nodes of different stages are read once.

    Nodes that read tensors are computed by a stage that begins (`ssldsl.runtime.derive`) and handed in as `made`.
    Before that, samples of the right kind and number stand in for them, whose labels are all 0.
    folder: of the spec, where its names of files may start.
    """

    def __init__(self, library: Library, folder: Path = Path()) -> None:
        self._library, self._folder = library, folder
        self._read: dict[str, Any] = {}

    def streams(self, stage: StagePlan) -> dict[str, Samples]:
        """The samples of every stream of a stage."""
        return {stream.name: self.samples(stage, stream.data) for stream in stage.streams}

    def samples(self, stage: StagePlan, id_: str, made: Made = NOTHING) -> Samples:
        """The samples that a data node gives."""
        return self.data({node.id: node for node in stage.nodes}, id_, made)

    def data(self, nodes: Mapping[str, NodePlan], id_: str, made: Made = NOTHING) -> Samples:
        """The samples that one of some data nodes gives."""
        found = self._value(nodes, id_, made)
        if not isinstance(found, Samples):
            raise InternalError(f"data node {id_} gives a {type(found).__name__} and not samples")
        return found

    def classes(self, nodes: Mapping[str, NodePlan], id_: str) -> int | None:
        """How many classes a source has, whether or not every part of its data has samples of each."""
        splits = self._value(nodes, id_, NOTHING)
        try:  # it may read them all
            return splits.classes if isinstance(splits, SplitsOnUse) else count_classes(splits)
        except OP_ERRORS as error:
            raise NodeFailure(nodes[id_], error) from error

    def _value(self, nodes: Mapping[str, NodePlan], id_: str, made: Made) -> Any:
        if id_ in made:
            return made[id_]
        if any(derives(self._library, node) for node in data_below(nodes, id_, self._library)):
            return self._compute(nodes, nodes[id_], made)
        key = meaning(nodes, id_)
        if key not in self._read:
            self._read[key] = self._compute(nodes, nodes[id_], made)
        return self._read[key]

    def _compute(self, nodes: Mapping[str, NodePlan], node: NodePlan, made: Made) -> Any:
        try:
            return self._made(nodes, node, made)
        except OP_ERRORS as error:
            raise NodeFailure(node, error) from error

    def _made(self, nodes: Mapping[str, NodePlan], node: NodePlan, made: Made) -> Any:
        settings = dict(node.settings)
        if node.op == "split":
            return self._value(nodes, node.inputs[0], made)[settings["name"]]
        if derives(self._library, node):
            return self._stand_in(node, self._value(nodes, node.inputs[0], made))
        signature = signature_of(self._library, settings.pop("op") if node.op == "source" else node.op)
        pairs = zip(node.params, node.inputs, strict=True)
        data = {param: self._value(nodes, input_, made) for param, input_ in pairs}
        return op_object(signature)(**data, **with_files(signature, settings, self._folder))

    def _stand_in(self, node: NodePlan, first: Samples) -> Samples:
        """Samples of the kind and number of those that a node will compute; what it computes of them is all 0."""
        assert isinstance(node.type, DataPlan)
        zeros = {}
        for name in computed_fields(self._library, node):
            type_ = node.type.fields[name]
            shape = [dim for dim in type_.dims if isinstance(dim, int)]
            zeros[name] = torch.zeros(len(first), *shape, dtype=dtype_of_kind(type_.kind))
        return with_fields(first, **zeros)


def pace_of(node: NodePlan) -> int:
    """After how many steps a data node is computed again; 0 of one that is computed once."""
    return int(node.settings.get("every", 0))


def computed_fields(library: Library, node: NodePlan) -> tuple[str, ...]:
    """What a data node that reads tensors computes of every sample."""
    signature = signature_of(library, node.op)
    labels = ("label",) if signature.traits.provenance else ()
    return (*labels, *(added.name for added in signature.adds(node.settings)))


def dtype_of_kind(kind: str) -> torch.dtype:
    """What a field of a sample is kept as."""
    return torch.int64 if kind == "Labels" else torch.float32


def derives(library: Library, node: NodePlan) -> bool:
    """Whether a data node reads tensors, and so is computed by a stage that begins."""
    return node.op not in ("source", "split") and signature_of(library, node.op).derives


def data_inputs(node: NodePlan, library: Library) -> list[str]:
    """The data that a data node is made of."""
    if not derives(library, node):
        return list(node.inputs)
    edges = {e.name: e.kind for e in signature_of(library, node.op).edges}
    return [id_ for id_, param in zip(node.inputs, node.params, strict=True) if edges[param] == "Data"]


def source_of(nodes: Mapping[str, NodePlan], id_: str) -> NodePlan:
    """The source that a data node is made of, first of all."""
    while nodes[id_].inputs:
        id_ = nodes[id_].inputs[0]
    return nodes[id_]


def data_below(nodes: Mapping[str, NodePlan], id_: str, library: Library) -> list[NodePlan]:
    """A data node and those it is made of."""
    below = (n for i in data_inputs(nodes[id_], library) for n in data_below(nodes, i, library))
    return [nodes[id_], *below]


def meaning(nodes: Mapping[str, NodePlan], id_: str) -> str:
    """A digest of a node and all that it is made of: equal for nodes of different stages that are the same."""
    node = nodes[id_]
    whole = [node.op, node.settings, node.params, [meaning(nodes, input_) for input_ in node.inputs]]
    return hashlib.sha256(json.dumps(whole, sort_keys=True).encode()).hexdigest()


def sample_shapes(samples: Mapping[str, Samples]) -> dict[str, tuple[int, ...]]:
    """The shape of one sample of every stream, by field: `{"labeled.image": (1, 8, 8)}`. Reads one sample of each."""
    shapes: dict[str, tuple[int, ...]] = {}
    for stream, data in samples.items():
        one = data.read(data.ids.new_zeros(1))
        shapes |= {f"{stream}.{field}": tuple(value.shape[1:]) for field, value in one.items()}
    return shapes
