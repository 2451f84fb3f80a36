"""A stage made ready to train: step, optimizer, averages and batches, as Accelerate distributes them."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path

import torch
from accelerate import Accelerator
from attrs import Factory, frozen
from torch import Tensor, nn

from ssldsl.graph.plan import Plan, StagePlan
from ssldsl.ops.data import Samples
from ssldsl.ops.library import Library
from ssldsl.runtime.data.derived import Derived
from ssldsl.runtime.data.feed import Feed, check_divisible
from ssldsl.runtime.device.accelerator import (
    distribute,
    distribute_updates,
    has_unused_parameters,
    make_accelerator,
    seed_step,
    unchanged_buffers,
)
from ssldsl.runtime.device.layout import put_on
from ssldsl.runtime.device.memory import check_room
from ssldsl.runtime.device.precision import dtype_of
from ssldsl.runtime.evaluate.evaluator import Evaluator
from ssldsl.runtime.failures import StepContext, explaining_data, explaining_step
from ssldsl.runtime.folder.stage_end import final_memories
from ssldsl.runtime.nets.averages import averaged, averaged_nets, stage_average
from ssldsl.runtime.nets.memories import Memories, build_memories, hand_on, make_memories
from ssldsl.runtime.nets.modules import set_trained, step_hooks, trained_parameters
from ssldsl.runtime.nets.shapes import Shape
from ssldsl.runtime.ops.scalars import Scalars
from ssldsl.runtime.step.claims import claims_held, functions_held, has_own_ops, hold_commits
from ssldsl.runtime.step.module import StageStep, make_step
from ssldsl.runtime.step.updates import all_updates
from ssldsl.runtime.train.best import Best
from ssldsl.runtime.train.init_weights import initialize
from ssldsl.runtime.train.loop import TOTAL, window_length
from ssldsl.runtime.train.loss_ring import LossRing
from ssldsl.runtime.train.optimizer import make_optimizer
from ssldsl.runtime.train.parts import StageParts, UpdateParts
from ssldsl.runtime.train.state import TrainState

ROWS_HELD = 4  # samples of a stream with which views of a person's own are tried
Saved = Callable[[str, bool], Mapping[str, Tensor]]  # stage, whether its average -> the weights it ended with


@frozen
class RunResources:
    """What every stage of a run is made from. `folder`: where relative names of weight files start. `run`: its own."""

    plan: Plan
    library: Library
    modules: nn.ModuleDict
    fields: Mapping[str, Shape]
    data: Mapping[str, Mapping[str, Samples]]  # stage -> data node -> samples
    saved: Saved
    folder: Path
    workers: int = 0
    run: Path = Path()
    computed: Mapping[str, Derived] = Factory(dict)  # stage -> the data that it computes


def data_ids(stage: StagePlan) -> list[str]:
    """The data nodes that a stage reads, for its streams and its metrics."""
    whole = [node.inputs[0] for node in stage.nodes if node.op == "full_dataset"]
    return list(dict.fromkeys([*(stream.data for stream in stage.streams), *whole]))


def prepare(resources: RunResources, stage: StagePlan, *, is_new: bool) -> StageParts:
    """Everything that a stage needs. `is_new`: it starts here, so its `init` is carried out."""
    plan, library, modules = resources.plan, resources.library, resources.modules
    accelerator = make_accelerator(stage)
    check_divisible(stage, accelerator.num_processes)
    check_room(stage, resources.fields, accelerator.num_processes, accelerator.device)
    _begin_networks(resources, stage, accelerator, is_new=is_new)
    scalars = Scalars(stage, library)
    memories = _begin_memories(resources, stage, accelerator, is_new=is_new)
    shards = accelerator.num_processes * stage.accumulate
    step = make_step(plan, stage, modules, library, shards=shards, memories=memories)
    feed = _feed(resources, stage, accelerator)
    written = make_memories(stage, memories, scalars, library)
    if is_new and has_own_ops(plan, stage, library):
        _hold_claims(resources, stage, step, feed, scalars, written, accelerator)
    if (
        accelerator.num_processes > 1
        and not stage.updates
        and _leaves_parameters(resources, stage, step, feed, scalars, accelerator)
    ):
        accelerator = make_accelerator(stage, unused_parameters=True)
    evaluator = _evaluator(resources, stage, accelerator, scalars, memories)
    model, updates = _updates(stage, modules, step, scalars, library, accelerator)
    return StageParts(
        plan=plan,
        stage=stage,
        accelerator=accelerator,
        model=model,
        updates=updates,
        lowered=step.lowered,
        state=_train_state(stage, modules, memories, updates, step, accelerator, scalars, evaluator),
        memories=written,
        begins=tuple(step_hooks(plan, stage, modules)),
        scalars=scalars,
        nets=tuple(averaged_nets(plan, stage, modules, library)),
        feed=feed,
        evaluator=evaluator,
    )


def _updates(
    stage: StagePlan,
    modules: nn.ModuleDict,
    step: StageStep,
    scalars: Scalars,
    library: Library,
    accelerator: Accelerator,
) -> tuple[nn.Module, tuple[UpdateParts, ...]]:
    """The step as Accelerate distributes it, and the optimizer of each of its updates."""
    each = stage.each_update
    made = [make_optimizer(own, trained_parameters(own, modules), scalars, library) for own in each]
    if stage.updates:
        model, prepared = distribute_updates(accelerator, step, [optimizer for optimizer, _ in made])
    else:
        model, only = distribute(accelerator, step, made[0][0])
        prepared = [only]
    parts = zip(each, made, prepared, strict=True)
    return model, tuple(UpdateParts(own, optimizer, ready, rates) for own, (optimizer, rates), ready in parts)


def _begin_networks(resources: RunResources, stage: StagePlan, accelerator: Accelerator, *, is_new: bool) -> None:
    """Bring the networks to the device and set them to train what the stage trains, from what it begins with."""
    modules = resources.modules
    modules.to(accelerator.device, dtype_of(stage.precision))
    if is_new:
        initialize(
            resources.plan,
            stage,
            modules,
            resources.saved,
            fields=resources.fields,
            library=resources.library,
            folder=resources.folder,
        )
    put_on(modules, accelerator.device, stage.precision)
    set_trained(stage, modules)


def _begin_memories(
    resources: RunResources, stage: StagePlan, accelerator: Accelerator, *, is_new: bool
) -> nn.ModuleDict:
    """The memories of the stage on the device, with what an earlier stage hands on."""
    memories = build_memories(resources.plan, stage, resources.fields, resources.library)
    memories.to(accelerator.device, dtype_of(stage.precision))
    if is_new:
        hand_on(memories, stage.init, partial(final_memories, resources.run))
    return memories


def _leaves_parameters(
    resources: RunResources, stage: StagePlan, step: StageStep, feed: Feed, scalars: Scalars, accelerator: Accelerator
) -> bool:
    """Whether a step leaves trained parameters without a gradient, which several processes have to know of."""
    with explaining_data(stage), explaining_step(StepContext(resources.run, stage, 1, step.lowered)):
        return has_unused_parameters(step, feed.batch_at(0), scalars.tensor_at(0, accelerator.device))


def _hold_claims(
    resources: RunResources,
    stage: StagePlan,
    step: StageStep,
    feed: Feed,
    scalars: Scalars,
    memories: Memories,
    accelerator: Accelerator,
) -> None:
    """Run the first step, which changes nothing, and refuse ops of a person's own that are not what they say."""
    plan, library, lowered = resources.plan, resources.library, step.lowered
    with explaining_data(stage), explaining_step(StepContext(resources.run, stage, 1, lowered)):
        names = lowered.namespace()
        with functions_held(names, stage, library, lowered), torch.no_grad():
            for stream, samples in feed.host_samples(ROWS_HELD).items():
                names[lowered.hosts[stream]](samples, scalars.tensor_at(0))
        seed_step(plan.seed, stage.name, 0, accelerator.process_index, accelerator.device)
        for begin in step_hooks(plan, stage, resources.modules):
            begin()
        batch, now = feed.batch_at(0), scalars.tensor_at(0, accelerator.device)
        with unchanged_buffers(step):
            with claims_held(plan, stage, step, library, memories):
                given = all_updates(step, stage, batch, now)
            hold_commits(memories, memories.pending_writes(given), library, stage.accumulate)


def _feed(resources: RunResources, stage: StagePlan, accelerator: Accelerator) -> Feed:
    samples = {stream.name: resources.data[stage.name][stream.data] for stream in stage.streams}
    return Feed(
        resources.plan,
        stage,
        samples,
        library=resources.library,
        rank=accelerator.process_index,
        world=accelerator.num_processes,
        device=accelerator.device,
        num_workers=resources.workers,
    )


def _train_state(
    stage: StagePlan,
    modules: nn.ModuleDict,
    memories: nn.ModuleDict,
    updates: Sequence[UpdateParts],
    step: StageStep,
    accelerator: Accelerator,
    scalars: Scalars,
    evaluator: Evaluator,
) -> TrainState:
    ring = LossRing(
        (*step.term_names, TOTAL, *step.watch_names),
        window_length(stage),
        accelerator.device,
        parts=stage.accumulate,
        dtype=dtype_of(stage.precision),
        watched=len(step.watch_names),
        mean=lambda values: accelerator.reduce(values, "mean"),
        left_out=stage.left_out if stage.turns is not None else lambda step: (),
    )
    live = averaged(stage, modules)
    average = stage_average(stage.average, live, scalars.resolve) if stage.average is not None else None
    ranking = evaluator.ranking if evaluator.ranking.items else None
    best = Best(stage.keep, modules, average, ranking, held=memories) if stage.keep is not None else None
    metrics = evaluator.stateful
    names = [update.name for update in stage.updates] or [""]
    optimizers = {name: update.optimizer for name, update in zip(names, updates, strict=True)}
    return TrainState(modules, optimizers, ring, average, accelerator.scaler, memories, metrics, best, ranking)


def rows_of_a_pass(stage: StagePlan, processes: int) -> int:
    """Samples in a batch of one process where nothing is trained: what training has room for."""
    return max(64, sum(stream.rows for stream in stage.streams) // processes // stage.accumulate)


def _evaluator(
    resources: RunResources, stage: StagePlan, accelerator: Accelerator, scalars: Scalars, memories: nn.ModuleDict
) -> Evaluator:
    return Evaluator(
        resources.plan,
        stage,
        resources.modules,
        resources.data[stage.name],
        resources.library,
        accelerator,
        scalars,
        rows=rows_of_a_pass(stage, accelerator.num_processes),
        num_workers=resources.workers,
        memories=memories,
    )
