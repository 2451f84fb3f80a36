"""The settings of a stage in words, from its plan."""

from collections.abc import Iterator
from typing import Any

from ssldsl.check.stages.settings import SETTINGS
from ssldsl.graph.plan import InitPlan, OpPlan, StagePlan, UpdatePlan
from ssldsl.ir import captions
from ssldsl.report.svg.series import whole


def stage_settings(stage: StagePlan) -> Iterator[tuple[str, str]]:
    """Name and value of everything a reader may ask for."""
    epochs = stage.steps / stage.steps_per_epoch
    clock = captions.local(stage.name, stage.clock)
    epoch = f"{whole(stage.steps_per_epoch)} step{'s' * (stage.steps_per_epoch > 1)} ({clock})"
    yield "length", f"{whole(stage.steps)} steps, {epochs:.4g} epochs of {epoch}"
    yield "batch", ", ".join(f"{captions.local(stage.name, s.name)} {s.rows} of {whole(s.size)}" for s in stage.streams)
    if not stage.updates:
        yield "trained", ", ".join(stage.train)
    for init in stage.init:
        yield "begins with", _init(init)
    if stage.turns is not None:
        yield "turns", f"of {whole(stage.turns)} step{'s' * (stage.turns > 1)}, one update after another"
    if not stage.updates:
        yield from _update(stage)
    for update in stage.updates:
        trained = ("trained", ", ".join(update.train))
        yield f"update {update.name}", "; ".join(f"{name} {value}" for name, value in (trained, *_update(update)))
    if stage.average is not None:
        yield "average", op_text(stage.average)
    if stage.keep is not None:
        yield "checkpoint", f"that of the {'lowest' if stage.keep.is_lowest else 'largest'} {stage.keep.name}"
    every = f"every {whole(stage.evaluate_every)} steps and at the end" if stage.evaluate_every else "at the end"
    yield "evaluation", every if stage.evaluations else "none"
    how = (row.name for row in SETTINGS if row.change != "semantic" and row.name in StagePlan.model_fields)
    yield "execution", ", ".join(f"{name} {shown(getattr(stage, name))}" for name in how)


def _update(update: StagePlan | UpdatePlan) -> Iterator[tuple[str, str]]:
    """How weights are changed by gradients."""
    yield "optimizer", op_text(update.optimizer)
    for path, settings in update.groups.items():
        yield f"for {path}", ", ".join(f"{k}={shown(v)}" for k, v in settings.items())
    if update.clip is not None:
        yield "gradient norm", f"at most {update.clip:g}{' in every tensor' if update.clip_per_tensor else ''}"


def _init(init: InitPlan) -> str:
    source = "fresh weights"
    if init.run:
        average = "averaged " if init.average else ""
        source = f"the {average}weights of {f'stage {init.stage}' if init.stage else 'the last stage'} of {init.run}"
    elif init.stage:
        source = f"the weights of stage {init.stage}{', averaged' if init.average else ''}"
    elif init.file:
        part = ".".join(text.removesuffix(".") for text in (init.key, init.prefix) if text)
        source = f"the weights {f'`{part}` ' if part else ''}in {init.file}"
    memories = dict.fromkeys(memory.partition("/")[0] for memory in init.memories)
    return f"{', '.join([*init.modules, *memories])}: {source}"


def op_text(op: OpPlan) -> str:
    """An op as a call."""
    return f"{op.op}({', '.join(f'{name}={shown(value)}' for name, value in op.settings.items())})"


def shown(value: Any) -> str:
    """A setting as a reader writes it."""
    if isinstance(value, dict) and set(value) == {"schedule"}:
        return "scheduled"
    if isinstance(value, bool) or value is None:
        return str(value).lower()
    return f"{value:g}" if isinstance(value, float) else str(value)
