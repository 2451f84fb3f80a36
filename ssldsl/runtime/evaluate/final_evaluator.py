"""The networks of a finished run, ready to be applied to data: with the weights that a stage ended with."""

import copy
from collections.abc import Iterator, Mapping
from pathlib import Path

from attrs import frozen

from ssldsl.errors import Diagnostic, SpecError, did_you_mean
from ssldsl.graph.plan import Plan, StagePlan
from ssldsl.graph.stages import in_order
from ssldsl.ops.data import Samples
from ssldsl.ops.library import Library
from ssldsl.runtime.data.datasets import sample_shapes
from ssldsl.runtime.data.derived import SampleSource
from ssldsl.runtime.device.accelerator import make_accelerator
from ssldsl.runtime.device.precision import dtype_of
from ssldsl.runtime.evaluate.evaluator import Evaluator
from ssldsl.runtime.folder.stage_end import final_ranking, final_weights
from ssldsl.runtime.nets.build import build_modules
from ssldsl.runtime.nets.keys import NOW, measures_average
from ssldsl.runtime.nets.shapes import Shape
from ssldsl.runtime.ops.scalars import Scalars
from ssldsl.runtime.smoke.data import data_of

ROWS = 256  # samples of a batch


def stage_of(plan: Plan, folder: Path, name: str) -> StagePlan:
    """The stage of a name, by default the last. Raises R304 for one that the run in a folder does not have."""
    stages = {stage.name: stage for stage in in_order(plan)}
    if name and name not in stages:
        help_ = did_you_mean(name, list(stages)) or f"its stages are: {', '.join(stages)}"
        raise SpecError(Diagnostic("R304", f"the run in {folder} has no stage `{name}`", help=help_))
    return stages[name or list(stages)[-1]]


def final_evaluator(
    plan: Plan,
    stage: StagePlan,
    folder: Path,
    library: Library,
    data: Mapping[str, Samples],
    spec_folder: Path,
    *,
    workers: int = 0,
    average: bool = True,
) -> Evaluator:
    """What evaluates a stage of a run with the weights that it ended with. data: by the data nodes that are read.

    average: averaged weights where the stage keeps an average; where its evaluations say which networks are averaged,
        the others are not.
    """
    is_raw = measures_average(stage)
    accelerator = make_accelerator(stage)
    modules = build_modules(plan, Shapes(plan, data_of(plan, library, spec_folder)), library, spec_folder)
    modules.to(accelerator.device, dtype_of(stage.precision))
    modules.load_state_dict(final_weights(folder, stage.name, average=average and not is_raw))
    earlier = {}
    if is_raw:
        earlier[NOW, True] = copy.deepcopy(modules).eval()
        earlier[NOW, True].load_state_dict(final_weights(folder, stage.name, average=True))
    scalars = Scalars(stage, library)
    evaluator = Evaluator(
        plan, stage, modules, data, library, accelerator, scalars, rows=ROWS, num_workers=workers, earlier=earlier
    )
    if evaluator.ranking.items:
        evaluator.ranking.restore(final_ranking(folder, stage.name))
    return evaluator


@frozen
class Shapes(Mapping[str, Shape]):
    """The shape of a sample of every stream, by field. Data are opened for what is asked: hardly ever."""

    plan: Plan
    datasets: SampleSource

    def __getitem__(self, name: str) -> Shape:
        stream = name.rpartition(".")[0]
        for stage in self.plan.stages:
            for found in (s for s in stage.streams if s.name == stream):
                return sample_shapes({stream: self.datasets.samples(stage, found.data)})[name]
        raise KeyError(name)

    def __iter__(self) -> Iterator[str]:
        return (stream.name for stage in self.plan.stages for stream in stage.streams)

    def __len__(self) -> int:
        return sum(1 for _ in self)
