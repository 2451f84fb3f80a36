"""The same methods as specs, stepped exactly as a run steps them."""

from pathlib import Path

import torch

from benchmarks.by_hand import Execution
from ssldsl import pipeline
from ssldsl.ops.data import Samples
from ssldsl.ops.library import Library
from ssldsl.runtime.data.datasets import Datasets, sample_shapes
from ssldsl.runtime.data.measure import measure
from ssldsl.runtime.nets.build import build_modules
from ssldsl.runtime.run import overridden
from ssldsl.runtime.stage_setup import RunResources, data_ids, prepare
from ssldsl.runtime.train.loop import take_step
from ssldsl.source import Source


class Compiled:
    """A spec made ready to train; `step` is one step of the trainer, losses read once a window."""

    def __init__(self, source: Source, execution: Execution) -> None:
        library = Library.shipped()
        program = pipeline.compose(source, library=library).unwrap()
        datasets = Datasets(library)
        measured = measure(program, datasets)
        plan = pipeline.compile(program, sizes=measured.sizes, resident=measured.resident)
        plan = overridden(plan, precision=execution.precision, compile=execution.is_compiled)
        (self.stage,) = plan.stages
        samples = {id_: datasets.samples(self.stage, id_) for id_ in data_ids(self.stage)}
        fields = sample_shapes({stream.name: samples[stream.data] for stream in self.stage.streams})
        modules = build_modules(plan, fields, library)
        resources = RunResources(plan, library, modules, fields, {self.stage.name: samples}, _nothing_saved, Path())
        self.made = prepare(resources, self.stage, is_new=True)
        self.samples: dict[str, Samples] = {s.name: samples[s.data] for s in self.stage.streams}

    def step(self, number: int) -> None:
        take_step(self.made, number)
        ring = self.made.state.ring
        if ring.closes_window(number, self.stage.steps):
            self.logged = ring.read(number).means()

    @property
    def parameters(self) -> int:
        return sum(p.numel() for p in self.made.state.modules.parameters())


def _nothing_saved(stage: str, average: bool) -> dict[str, torch.Tensor]:
    raise LookupError(stage)
