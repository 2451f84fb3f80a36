"""The compiled step of a stage for a training loop of one's own, with its batches."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from attrs import Factory, define
from torch import Tensor, nn

from ssldsl import pipeline
from ssldsl.check import Checked
from ssldsl.errors import Diagnostic, SpecError
from ssldsl.graph.plan import Plan, StagePlan
from ssldsl.graph.stages import in_order
from ssldsl.ops.data import Samples
from ssldsl.ops.library import Library
from ssldsl.runtime.data.datasets import Datasets, data_below, derives, sample_shapes
from ssldsl.runtime.folder.request import Request
from ssldsl.runtime.nets.build import build_modules
from ssldsl.runtime.nets.shapes import Shape
from ssldsl.runtime.smoke.generated import GeneratedData
from ssldsl.runtime.stage_setup import RunResources, data_ids, prepare
from ssldsl.runtime.train.loop import TOTAL, take_step
from ssldsl.runtime.train.parts import StageParts


@define
class Step:
    """A stage ready to train. Steps count from 0; what a step draws depends on its number alone.

    Either `take` does a whole step with the optimizer of the spec, or `losses` and `finish` leave the backward pass and
    the update to the caller:

        for k in range(step.steps):
            step.losses(k)["loss"].backward()
            optimizer.step()
            optimizer.zero_grad()
            step.finish(k)
    """

    parts: StageParts
    _writes: list[Mapping[str, Tensor]] = Factory(list)

    @property
    def module(self) -> nn.Module:
        """What computes the losses: `module(batch, scalars)`, as Accelerate prepared it."""
        return self.parts.model

    @property
    def steps(self) -> int:
        """Optimizer steps of the stage."""
        return self.parts.stage.steps

    def parameters(self) -> Iterator[nn.Parameter]:
        """What the stage trains."""
        return (parameter for parameter in self.module.parameters() if parameter.requires_grad)

    def batch(self, step: int) -> dict[str, Tensor]:
        """The samples of a step by stream and field, such as `labeled.image`."""
        return self.parts.feed.batch_at(step)

    def losses(self, step: int) -> dict[str, Tensor]:
        """Every term of the loss, and their weighted sum, `loss`, which carries the gradient.

        Raises R304 where the stage accumulates its batch, or makes several updates: then `take` does the step.
        """
        if self.parts.stage.updates:
            message = f"a step of stage `{self.parts.stage.name}` makes several updates, each with a loss of its own"
            raise SpecError(Diagnostic("R304", message, help="do its steps by `take`"))
        if self.parts.stage.accumulate > 1:
            message = f"stage `{self.parts.stage.name}` goes through its batch in {self.parts.stage.accumulate} parts"
            raise SpecError(Diagnostic("R304", message, help="do its steps by `take`, or leave out `accumulate`"))
        for begin in (*self.parts.begins, *(average.begin for average in self.parts.nets)):
            begin()
        given = self.module(self.batch(step), self.parts.scalars.tensor_at(step, self.parts.accelerator.device))
        self._writes = [self.parts.memories.pending_writes(given)]
        return {name: given[name] for name in (*self.parts.lowered.terms, TOTAL)}

    def finish(self, step: int) -> None:
        """After the update: memories remember the step, networks that are averages of others follow them."""
        self.parts.memories.commit(self._writes, step)
        for average in self.parts.nets:
            average.update(step, self.steps)

    def take(self, step: int) -> None:
        """A whole step as a run takes it: losses, gradients, the optimizer of the spec, memories, averages."""
        take_step(self.parts, step)


def make_step(request: Request, checked: Checked, name: str) -> Step:
    """The step of a stage that begins afresh, by default the first. Raises N210 for an unknown stage.

    Raises R413 for a stage that begins with what an earlier one learned.
    """
    prepared = pipeline.prepare(request, checked)
    plan, folder = prepared.plan, Path(request.spec).parent
    stages = {stage.name: stage for stage in in_order(plan)}
    if name and name not in stages:
        raise SpecError(Diagnostic("N210", f"there is no stage `{name}`", help=f"stages are: {', '.join(stages)}"))
    stage = stages[name or next(iter(stages))]
    _check_begins_afresh(stage, checked.library)
    datasets = prepared.datasets or GeneratedData()
    data = {id_: datasets.samples(stage, id_) for id_ in data_ids(stage)}
    fields = sample_shapes({stream.name: data[stream.data] for stream in stage.streams})
    resources = RunResources(
        plan=plan,
        library=checked.library,
        modules=build_modules(plan, _all_shapes(plan, fields, datasets), checked.library, folder),
        fields=fields,
        data={stage.name: data},
        saved=lambda earlier, average: {},
        folder=folder,
    )
    return Step(prepare(resources, stage, is_new=True))


def _all_shapes(plan: Plan, known: dict[str, Shape], datasets: Datasets | GeneratedData) -> dict[str, Shape]:
    """The shapes of a sample of every stream, also of those that other stages read."""
    found: dict[str, Samples] = {}
    for stage in plan.stages:
        for stream in stage.streams:
            if not any(name.startswith(f"{stream.name}.") for name in known):
                found[stream.name] = datasets.samples(stage, stream.data)
    return {**sample_shapes(found), **known}


def _check_begins_afresh(stage: StagePlan, library: Library) -> None:
    earlier = {origin.stage for origin in stage.init if origin.stage and not origin.run}
    nodes = {node.id: node for node in stage.nodes}
    below = (node for id_ in data_ids(stage) for node in data_below(nodes, id_, library))
    computed = [node.op for node in below if derives(library, node)]
    if earlier or computed:
        needs = f"the weights of `{sorted(earlier)[0]}`" if earlier else f"what `{computed[0]}` computes"
        message = f"stage `{stage.name}` begins with {needs}, which only a run has"
        raise SpecError(Diagnostic("R413", message, help="take a stage that begins afresh, or run the experiment"))
