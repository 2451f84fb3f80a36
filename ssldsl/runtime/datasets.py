"""The data of a plan: sources are opened, split and thinned out as its data nodes say, each once, at its first use."""

import json
from collections.abc import Mapping
from typing import Any

from ssldsl.errors import InternalError
from ssldsl.graph.plan import NodePlan, StagePlan
from ssldsl.ops.data import Samples
from ssldsl.runtime.loading import Library, op_object, signature_of


class Datasets:
    """What the data nodes of a plan's stages give. Equal nodes of different stages are read once."""

    def __init__(self, library: Library) -> None:
        self._library = library
        self._read: dict[str, Any] = {}

    def streams(self, stage: StagePlan) -> dict[str, Samples]:
        """The samples of every stream of a stage."""
        return {stream.name: self.samples(stage, stream.data) for stream in stage.streams}

    def samples(self, stage: StagePlan, id_: str) -> Samples:
        """The samples that a data node gives."""
        return self.data({node.id: node for node in stage.nodes}, id_)

    def data(self, nodes: Mapping[str, NodePlan], id_: str) -> Samples:
        """The samples that one of some data nodes gives."""
        found = self._value(nodes, id_)
        if not isinstance(found, Samples):
            raise InternalError(f"data node {id_} gives a {type(found).__name__} and not samples")
        return found

    def _value(self, nodes: Mapping[str, NodePlan], id_: str) -> Any:
        key = _meaning(nodes, id_)
        if key not in self._read:
            self._read[key] = self._compute(nodes, nodes[id_])
        return self._read[key]

    def _compute(self, nodes: Mapping[str, NodePlan], node: NodePlan) -> Any:
        settings = dict(node.settings)
        if node.op == "split":
            return self._value(nodes, node.inputs[0])[settings["name"]]
        name = settings.pop("op") if node.op == "source" else node.op
        function = op_object(signature_of(self._library, name))
        return function(*(self._value(nodes, input_) for input_ in node.inputs), **settings)


def _meaning(nodes: Mapping[str, NodePlan], id_: str) -> str:
    """A data node written out in full: equal for nodes that give the same samples."""
    node = nodes[id_]
    return json.dumps([node.op, node.settings, [_meaning(nodes, input_) for input_ in node.inputs]], sort_keys=True)


def sample_shapes(samples: Mapping[str, Samples]) -> dict[str, tuple[int, ...]]:
    """The shape of one sample of every stream, by field: `{"labeled.image": (1, 8, 8)}`. Reads one sample of each."""
    shapes: dict[str, tuple[int, ...]] = {}
    for stream, data in samples.items():
        one = data.read(data.ids.new_zeros(1))
        shapes |= {f"{stream}.{field}": tuple(value.shape[1:]) for field, value in one.items()}
    return shapes
