"""Made-up data of the right shapes, in place of every data set that a stage reads."""

from collections.abc import Iterable, Sequence

import torch
from attrs import frozen
from torch import Tensor

from ssldsl.errors import InternalError
from ssldsl.graph.plan import StagePlan
from ssldsl.graph.plan_types import DataPlan, Size, TensorPlan, is_of_kind
from ssldsl.ops.data import Samples, class_names_of
from ssldsl.ops.samples import MemorySamples
from ssldsl.runtime.data.datasets import NOTHING, Made
from ssldsl.runtime.smoke.shrink import has_large_images

SAMPLES = 64  # of a made-up data set, at least twice the rows of a batch
FEW = 8  # of one of large images that no batch is drawn from


class GeneratedData:
    """Made-up samples in place of every data set that a stage reads, as the types in its plan describe them."""

    def samples(self, stage: StagePlan, id_: str, made: Made = NOTHING) -> Samples:
        """Samples of the fields, shapes and classes that a data node has; always the same. `made`: see `Datasets`."""
        found = made[id_] if id_ in made else self._made_up(stage, id_)
        on_host = any(n.op == "draw" and n.placement == "host" and id_ in n.inputs for n in stage.nodes)
        return OneByOne(found) if on_host else found

    def _made_up(self, stage: StagePlan, id_: str) -> Samples:
        node = next(n for n in stage.nodes if n.id == id_)
        if not isinstance(node.type, DataPlan):
            raise InternalError(f"node {id_} ({node.op}) is no data set")
        size = made_up(node.type.size, [stream.rows for stream in stage.streams])
        is_drawn = id_ in {stream.data for stream in stage.streams}
        if not is_drawn and has_large_images(stage) and not any(is_of_kind(n.type, "Positions") for n in stage.nodes):
            size = min(size, FEW)  # a memory with a row for every sample would be longer than its data
        tensors = {name: _field(name, type_, size) for name, type_ in node.type.fields.items()}
        return MemorySamples.of("made-up data", **tensors)


def made_up(size: Size, rows: Iterable[int]) -> int:
    """How many samples are made up in place of so many, where a step takes these rows of its streams."""
    wanted = max(SAMPLES, 2 * max(rows, default=0))
    return min(size, wanted) if isinstance(size, int) else SAMPLES


@frozen
class OneByOne:
    """Samples that are read one by one, as from files."""

    all: Samples

    @property
    def fields(self) -> tuple[str, ...]:
        return self.all.fields

    @property
    def resident(self) -> bool:
        return False

    @property
    def ids(self) -> Tensor:
        return self.all.ids

    @property
    def names(self) -> Sequence[str]:
        return self.all.names

    @property
    def labels(self) -> Tensor | None:
        return self.all.labels

    @property
    def class_names(self) -> tuple[str, ...]:
        return class_names_of(self.all)

    def digest(self) -> str:
        return self.all.digest()

    def __len__(self) -> int:
        return len(self.all)

    def read(self, rows: Tensor) -> dict[str, Tensor]:
        return self.all.read(rows)

    def take(self, rows: Tensor) -> "OneByOne":
        return OneByOne(self.all.take(rows))

    def without(self, field: str) -> "OneByOne":
        return OneByOne(self.all.without(field))

    def with_labels(self, labels: Tensor) -> "OneByOne":
        return OneByOne(self.all.with_labels(labels))


def _field(name: str, type_: TensorPlan, size: int) -> Tensor:
    """So many made-up values of a field."""
    generator = torch.Generator().manual_seed(size)
    if type_.kind == "Labels":
        return torch.arange(size) % (type_.classes if isinstance(type_.classes, int) else 10)
    shape = tuple(dim for dim in type_.dims if isinstance(dim, int))
    if name == "image":
        return torch.randint(256, (size, *shape), generator=generator, dtype=torch.uint8)
    return torch.randn(size, *shape, generator=generator)
