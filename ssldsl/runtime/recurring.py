"""Data that a stage computes again and again while it trains: at its start and every so many steps.

They are computed between two steps, by the networks and memories as they are then, in evaluation mode: by all processes
over the samples, and the op by one. What came out is part of every checkpoint, so that a run that is continued goes on
with it, to the bit; one that was killed in the middle of such a pass makes it again.
"""

from collections.abc import Iterable, Mapping

from accelerate import Accelerator
from attrs import Factory, define, evolve
from torch import Tensor

from ssldsl.graph.plan import NodePlan
from ssldsl.runtime.console.progress import ProgressReporter
from ssldsl.runtime.data.datasets import data_below, pace_of
from ssldsl.runtime.data.derived import Computed, derived_nodes
from ssldsl.runtime.data.feed import Feed
from ssldsl.runtime.derive import DerivedBuilder
from ssldsl.runtime.evaluate.evaluator import Evaluator
from ssldsl.runtime.stage_setup import RunResources
from ssldsl.runtime.train.parts import StageParts

_BETWEEN = "::"  # data node, then what of it


def with_recurring(resources: RunResources, parts: StageParts, reporter: ProgressReporter) -> StageParts:
    """The parts of a stage with the data that recur in it, if any do."""
    data = resources.computed.get(parts.stage.name)
    nodes = tuple(n for n in derived_nodes(parts.stage, resources.library) if pace_of(n))
    if data is None or not nodes:
        return parts
    builder = DerivedBuilder(resources, data, reporter, parts.state.memories)
    recurring = Recurring(nodes, builder, parts.accelerator, parts.feed, parts.evaluator)
    return evolve(parts, state=evolve(parts.state, recurring=recurring))


@define
class Recurring:
    """The data of one stage that recur. `kept`: what was computed last, by data node."""

    nodes: tuple[NodePlan, ...]
    builder: DerivedBuilder
    accelerator: Accelerator
    feed: Feed
    evaluator: Evaluator
    kept: dict[str, dict[str, Tensor]] = Factory(dict)

    def due(self, step: int) -> list[NodePlan]:
        """What is computed before a step (from 0)."""
        return [node for node in self.nodes if step % pace_of(node) == 0]

    def compute(self, nodes: Iterable[NodePlan], step: int) -> dict[str, Computed]:
        """Compute some of them with the state as it is, and let the next steps draw from what came out."""
        data, found = self.builder.data, {}
        for node in nodes:
            tensors = self.builder.tensors(node, self.accelerator, step)
            if self.accelerator.is_main_process:
                data.write(node, self.builder.call(node, tensors, step))
            self.accelerator.wait_for_everyone()
            data.read(node)
            self.kept[node.id] = data.content(node, data.made[node.id])
            found[data.name(node)] = data.computed(node)
            self.accelerator.wait_for_everyone()
            if self.accelerator.is_main_process:  # checkpoints hold it from now on
                data.path(node).unlink(missing_ok=True)
        self._hand_over()
        return found

    def state(self) -> dict[str, Tensor]:
        """What a checkpoint holds of them."""
        return {f"{id_}{_BETWEEN}{key}": t for id_, content in self.kept.items() for key, t in content.items()}

    def restore(self, saved: Mapping[str, Tensor]) -> None:
        """Put back what a checkpoint holds."""
        for name, tensor in saved.items():
            id_, key = name.split(_BETWEEN)
            self.kept.setdefault(id_, {})[key] = tensor
        for node in self.nodes:
            if node.id in self.kept:
                self.builder.data.put(node, self.kept[node.id])
        self._hand_over()

    def _hand_over(self) -> None:
        """Let streams and metrics read what has been computed."""
        data, changed = self.builder.data, {node.id for node in self.nodes}
        below = {id_: {n.id for n in data_below(data.nodes, id_, data.library)} for id_ in self.evaluator.data}
        samples = {id_: data.given(id_) for id_, nodes in below.items() if nodes & changed}
        self.evaluator.data = {**self.evaluator.data, **samples}
        for stream in self.builder.data.stage.streams:
            if stream.data in samples:
                self.feed.replace(stream.name, samples[stream.data])
