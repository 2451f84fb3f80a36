"""The statistics of an average of weights, estimated anew by a pass over the data of a stage, as SWA does.

Batch normalization is evaluated with the mean and variance of what it saw while it was trained. Weights that are a mean
of many saw nothing: so they are put in place, and the networks run on the batches of the first steps, where the mean
over these batches is kept. As everything else, that is a function of the step.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import torch
from torch.nn.modules.batchnorm import _BatchNorm  # the common class of the three dimensions

from ssldsl.runtime.device.accelerator import seed_step, unchanged_buffers
from ssldsl.runtime.nets.averages import averaged_weights
from ssldsl.runtime.nets.modules import find
from ssldsl.runtime.train.parts import StageParts

PASS = "statistics"  # the setting of `swa` that says how long it is


def restate(parts: StageParts, step: int) -> None:
    """Estimate the statistics of the stage's average anew, where it asks for that. `step`: the last one, from 0."""
    stage, average = parts.stage, parts.state.average
    if average is None or stage.average is None:
        return
    length = min(round(stage.average.settings.get(PASS) or 0), stage.steps)
    norms = _learning_norms(parts)
    if not length or not norms:
        return
    model = parts.accelerator.unwrap_model(parts.model)
    scalars = parts.scalars.tensor_at(step, parts.accelerator.device)
    with torch.no_grad(), unchanged_buffers(model), averaged_weights(average), _beginning_anew(norms):
        for number in range(length):
            seed_step(parts.plan.seed, stage.name, number, parts.accelerator.process_index, parts.accelerator.device)
            for part in range(stage.accumulate):
                model(parts.feed.batch_at(number, part), scalars)
        average.take_statistics()


def _learning_norms(parts: StageParts) -> list[_BatchNorm]:
    """The layers that keep statistics, in what the stage trains."""
    trained = (find(parts.state.modules, path) for path in parts.stage.train)
    layers = (layer for module in trained for layer in module.modules())
    return list({id(m): m for m in layers if isinstance(m, _BatchNorm) and m.running_mean is not None}.values())


@contextmanager
def _beginning_anew(norms: Sequence[_BatchNorm]) -> Iterator[None]:
    """Inside, layers keep the plain mean over the batches that they see from now on."""
    kept = [norm.momentum for norm in norms]
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None
    try:
        yield
    finally:
        for norm, momentum in zip(norms, kept, strict=True):
            norm.momentum = momentum
