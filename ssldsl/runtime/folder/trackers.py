"""Trackers besides the records, through Accelerate, each without a server unless its own variables name one.

Their files lie in `tracking/` of the run folder: TensorBoard's in a folder named after the spec, so that `tensorboard
--logdir runs` lists runs by folder and spec; those of Weights & Biases in `wandb/`, for `wandb sync`; MLflow's in
`mlflow.db`, for `mlflow ui --backend-store-uri`; Aim's in `.aim/`; Comet's as an archive, for `comet upload`.
"""

import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from accelerate import Accelerator
from accelerate.tracking import GeneralTracker
from accelerate.utils import (
    is_aim_available,
    is_comet_ml_available,
    is_mlflow_available,
    is_tensorboard_available,
    is_wandb_available,
)
from attrs import frozen

from ssldsl.errors import Diagnostic, SpecError
from ssldsl.graph.plan import Plan
from ssldsl.runtime.device.accelerator import wants_cpu
from ssldsl.runtime.folder.records import Line
from ssldsl.runtime.folder.run_folder import TRACKING

_AVAILABLE = {
    "tensorboard": is_tensorboard_available,
    "wandb": is_wandb_available,
    "mlflow": is_mlflow_available,
    "aim": is_aim_available,
    "comet_ml": is_comet_ml_available,
}
_HERE = f"/{TRACKING}/mlflow.db"  # how a store of ours ends
_UNNAMABLE = re.compile(r"[^\w\-. :/]")  # what MLflow takes in no name, such as the `#` of `top1#2`


@frozen
class Trackers:
    """The trackers of a run; each acts in the main process alone."""

    found: tuple[GeneralTracker, ...] = ()

    @staticmethod
    def start(names: Sequence[str], folder: Path, plan: Plan) -> "Trackers":
        """Start trackers that `check_trackers` knows; they write into the run folder."""
        if not names:
            return Trackers()
        place = (folder / TRACKING).absolute()
        place.mkdir(exist_ok=True)
        keep_here(place)
        accelerator = Accelerator(cpu=wants_cpu(), log_with=list(names), project_dir=str(place))
        accelerator.init_trackers(plan.name, {"seed": plan.seed}, _settings(folder, place))
        return Trackers(tuple(accelerator.trackers))

    def log(self, line: Line, step: int) -> None:
        """Hand on the numbers of a line of the records. `step` counts over all stages."""
        values = dict(_numbers(line, line["stage"]))
        for tracker in self.found:
            is_strict = tracker.name == "mlflow"
            tracker.log({_UNNAMABLE.sub("_", k): v for k, v in values.items()} if is_strict else values, step=step)

    def finish(self) -> None:
        for tracker in self.found:
            tracker.finish()


def keep_here(place: Path) -> None:
    """Let trackers write below a folder; one whose own variables name a server goes there."""
    os.environ.setdefault("WANDB_MODE", "offline")
    os.environ.setdefault("COMET_OFFLINE_DIRECTORY", str(place))
    if os.environ.get("MLFLOW_TRACKING_URI", _HERE).endswith(_HERE):  # that of another run of this process
        os.environ["MLFLOW_TRACKING_URI"] = f"sqlite:///{place.parent}{_HERE}"


def _settings(folder: Path, place: Path) -> dict[str, dict[str, Any]]:
    """What each tracker is made with."""
    return {
        "wandb": {"dir": str(place)},
        "mlflow": {"run_name": folder.name, "logging_dir": str(place / "mlflow")},
        "comet_ml": {"online": "COMET_API_KEY" in os.environ},
    }


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
