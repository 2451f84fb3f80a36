"""Optuna's part of a search: a study in a file, which the same command goes on with."""

import importlib
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from attrs import frozen

from ssldsl.check.state.ranges import Range
from ssldsl.errors import Diagnostic, SpecError

if TYPE_CHECKING:
    from optuna import Study, Trial
    from optuna.distributions import BaseDistribution
    from optuna.pruners import BasePruner
    from optuna.samplers import BaseSampler

Space = Mapping[str, Range | tuple[str, ...]]  # by the path of an edit: numbers, or texts to choose from
Sampler = Literal["tpe", "random"]
Pruner = Literal["median", "hyperband", "none"]
_IDENTITY = "searches"  # attribute of a study: what it is a search of


@frozen
class Goal:
    """A result of a stage that shall be as high, or as low, as it can be."""

    stage: str
    name: str
    is_lowest: bool

    def __str__(self) -> str:
        return f"{'lowest' if self.is_lowest else 'highest'} {self.name}"


def open_study(file: Path, goal: Goal, pruner: Pruner, identity: str) -> "Study":
    """The study in a file, begun where there is none. Raises R430, R435.

    identity: what it is a search of; results of another spec would mislead it.
    """
    optuna = _optuna()
    from optuna.storages import JournalStorage
    from optuna.storages.journal import JournalFileBackend

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    study: Study = optuna.create_study(
        storage=JournalStorage(JournalFileBackend(str(file))),
        study_name=file.stem,
        direction="minimize" if goal.is_lowest else "maximize",
        pruner=_pruner(pruner),
        load_if_exists=True,
    )
    if study.user_attrs.setdefault(_IDENTITY, identity) != identity or study.direction.name.lower()[:3] != (
        "min" if goal.is_lowest else "max"
    ):
        message = f"{file} holds a search of another spec, of other edits, or for another number"
        raise SpecError(Diagnostic("R435", message, help="name another folder with `--out`, or remove the file"))
    study.set_user_attr(_IDENTITY, identity)
    return study


def ask(study: "Study", space: Space, sampler: Sampler, seed: int) -> "Trial":
    """The next point to try: a function of the seed, of its number, and of the results that are known."""
    study.sampler = _sampler(sampler, seed + len(study.get_trials(deepcopy=False)))
    return study.ask({path: _distribution(values) for path, values in space.items()})


def edits_of(params: Mapping[str, Any], space: Space) -> tuple[str, ...]:
    """A point as edits."""
    texts = {path: v.text(params[path]) if isinstance(v, Range) else params[path] for path, v in space.items()}
    return tuple(f"{path} = {text}" for path, text in texts.items())


@contextmanager
def alone(file: Path) -> Iterator[None]:
    """Inside, no other process has the file: two that carry on one study would run its points twice. Raises R433."""
    with file.open("ab") as opened:
        if os.name == "posix":
            import fcntl  # here: it is not everywhere

            try:
                fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                message = f"the search in {file.parent} is going on in another process"
                raise SpecError(Diagnostic("R433", message, help="wait for its end, or stop it with Ctrl-C")) from None
        yield


def _optuna() -> Any:
    try:
        return importlib.import_module("optuna")
    except ImportError:
        message = "a search needs the package `optuna`, which is not installed"
        raise SpecError(Diagnostic("R430", message, help='`pip install "ssldsl[search]"`')) from None


def _distribution(values: Range | tuple[str, ...]) -> "BaseDistribution":
    from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

    if not isinstance(values, Range):
        return CategoricalDistribution(values)
    if not values.is_whole:
        return FloatDistribution(values.low, values.high, log=values.is_log)
    steps = (int(values.high) - int(values.low)) // values.step
    return IntDistribution(int(values.low), int(values.low) + steps * values.step, log=values.is_log, step=values.step)


def _sampler(name: Sampler, seed: int) -> "BaseSampler":
    from optuna.samplers import RandomSampler, TPESampler

    return RandomSampler(seed=seed) if name == "random" else TPESampler(seed=seed)


def _pruner(name: Pruner) -> "BasePruner":
    from optuna.pruners import HyperbandPruner, MedianPruner, NopPruner

    made: BasePruner = {"median": MedianPruner, "hyperband": HyperbandPruner, "none": NopPruner}[name]()
    return made
