"""Trackers besides the records, through Accelerate: TensorBoard, and Weights & Biases without its server.

Their files lie in `tracking/` of the run folder: TensorBoard's in a folder named after the spec, so that `tensorboard
--logdir runs` lists runs by folder and spec; those of Weights & Biases in `wandb/`, for `wandb sync`.
"""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from accelerate import Accelerator
from accelerate.tracking import GeneralTracker
from accelerate.utils import is_tensorboard_available, is_wandb_available
from attrs import frozen

from ssldsl.errors import Diagnostic, SpecError
from ssldsl.graph.plan import Plan
from ssldsl.runtime.device.accelerator import wants_cpu
from ssldsl.runtime.folder.records import Line
from ssldsl.runtime.folder.run_folder import TRACKING

_AVAILABLE = {"tensorboard": is_tensorboard_available, "wandb": is_wandb_available}


@frozen
class Trackers:
    """The trackers of a run; each acts in the main process alone."""

    found: tuple[GeneralTracker, ...] = ()

    @staticmethod
    def start(names: Sequence[str], folder: Path, plan: Plan) -> "Trackers":
        """Start trackers that `check_trackers` knows; they write into the run folder."""
        if not names:
            return Trackers()
        os.environ.setdefault("WANDB_MODE", "offline")
        place = folder / TRACKING
        place.mkdir(exist_ok=True)
        accelerator = Accelerator(cpu=wants_cpu(), log_with=list(names), project_dir=str(place))
        accelerator.init_trackers(plan.name, {"seed": plan.seed}, {"wandb": {"dir": str(place)}})
        return Trackers(tuple(accelerator.trackers))

    def log(self, line: Line, step: int) -> None:
        """Hand on the numbers of a line of the records. `step` counts over all stages."""
        values = dict(_numbers(line, line["stage"]))
        for tracker in self.found:
            tracker.log(values, step=step)

    def finish(self) -> None:
        for tracker in self.found:
            tracker.finish()


def check_trackers(names: Sequence[str]) -> None:
    """Refuse trackers that there are not (R412)."""
    for name in names:
        _check(name)


def _check(name: str) -> None:
    available = _AVAILABLE.get(name)
    if available is None:
        message, help_ = (
            f"there is no tracker `{name}`",
            f"one of {', '.join(_AVAILABLE)}; metrics.csv is always written",
        )
    elif not available():
        message, help_ = f"the tracker `{name}` is not installed", f"pip install {name}"
    else:
        return
    raise SpecError(Diagnostic("R412", message, help=help_))


def _numbers(line: Mapping[str, Any], prefix: str) -> list[tuple[str, float]]:
    """The numbers of a line under names like `main/loss/vat`."""
    found: list[tuple[str, float]] = []
    for name, value in line.items():
        if isinstance(value, dict):
            found += _numbers(value, f"{prefix}/{name}")
        elif isinstance(value, float):
            found.append((f"{prefix}/{name}", value))
    return found
