"""A search for the best point of a sweep: its trials side by side, those without hope stopped before their end."""

import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from statistics import mean
from typing import TYPE_CHECKING, Any

import click
from attrs import define, evolve, field

from ssldsl.commands.launchers import Job
from ssldsl.commands.options import USER_ERROR, say
from ssldsl.commands.requests import label
from ssldsl.commands.requeue import begun
from ssldsl.commands.series import Outcome
from ssldsl.commands.side_by_side import LOGS, STOPPED, SideBySide
from ssldsl.commands.study import Goal, Pruner, Sampler, Space, alone, ask, edits_of, open_study
from ssldsl.graph.results import KEPT
from ssldsl.runtime.folder.request import Request
from ssldsl.runtime.folder.run_folder import read_lines, read_summary

if TYPE_CHECKING:
    from optuna import Study, Trial
    from optuna.trial import FrozenTrial

SECONDS = 1.0  # between two looks at how a run goes


def search(
    runs: SideBySide, bases: Sequence[Request], space: Space, goal: Goal, trials: int, sampler: Sampler, pruner: Pruner
) -> int:
    """Search a space with so many trials, those of an earlier command among them. Gives the exit code.

    bases: the requests that all trials share, without the edits of a point: one for each seed.
    """
    base, *further = bases
    (runs.parent / LOGS).mkdir(parents=True, exist_ok=True)
    file = runs.parent / f"{base.stem}.study"
    identity = " ".join([f"{base} {sorted(space.items())} {goal}", *(str(other.seed) for other in further)])
    with alone(runs.parent / LOGS / f"{base.stem}.lock"):
        study = open_study(file, goal, pruner, sha256(identity.encode()).hexdigest())
        return Search(study, tuple(bases), space, goal, runs, sampler, base.seed or 0).run_all(trials)


@define
class Search:
    """Trials of a study: of a point each, whose value is the mean over the seeds.

    bases: the requests without the edits of a point, one for each seed. seed: of the study.
    """

    study: "Study"
    bases: tuple[Request, ...]
    space: Space
    goal: Goal
    runs: SideBySide
    sampler: Sampler = "tpe"
    seed: int = 0
    _lock: threading.Lock = field(factory=threading.Lock)

    def run_all(self, count: int) -> int:
        """Carry out trials until there are `count`, first those that were stopped. Gives the exit code."""
        known = self.study.get_trials(deepcopy=False)
        going_on = [trial.number for trial in known if not trial.state.is_finished()]
        new = [None] * max(0, count - len(known))
        outcomes = self.runs.each([*going_on, *new], self.trial)
        self._conclude()
        return STOPPED if any(o.word == "stopped" for o in outcomes) else 0 if self._best() is not None else USER_ERROR

    def trial(self, number: int | None) -> Outcome:
        """One trial: the next, or one that was begun."""
        with self._lock:
            if self.runs.is_stopped.is_set():
                return Outcome(STOPPED, "not begun")
            trial = self._begun(number) if number is not None else ask(self.study, self.space, self.sampler, self.seed)
        first, *further = requests = self._requests(trial.params)
        watch = TrialWatcher(trial, self.goal, first, self.runs.parent)
        outcome = self.runs.run(first, watch.beside)
        if watch.is_hopeless:
            say(f"{label(first)}: pruned")
            self.study.tell(trial, state=_state("PRUNED"))
            return Outcome(0, label(first))
        for request in further:  # of what the first seed leaves hope for; all trials begin with the same
            if not outcome.code:
                outcome = self.runs.run(request)
        if outcome.word != "stopped":
            self._tell(trial, requests, outcome)
        return outcome

    def _begun(self, number: int) -> "Trial":
        from optuna.trial import Trial

        return Trial(self.study, self.study.get_trials(deepcopy=False)[number]._trial_id)

    def _requests(self, params: Mapping[str, Any]) -> list[Request]:
        """The runs of a point, one for each seed."""
        sets = (*self.bases[0].edits.sets, *edits_of(params, self.space))
        return [evolve(base, edits=evolve(base.edits, sets=sets)) for base in self.bases]

    def _tell(self, trial: "Trial", requests: Sequence[Request], outcome: Outcome) -> None:
        """What came out; where a run failed, or gave no number, the trial counts as failed."""
        folders = [begun(request, self.runs.parent) for request in requests]
        found = [_result(folder, self.goal) if folder is not None and not outcome.code else None for folder in folders]
        values = [value for value in found if value is not None]
        value = mean(values) if len(values) == len(requests) else None
        with self._lock:
            self.study.tell(trial, value, state=None if value is not None else _state("FAIL"))

    def _best(self) -> "FrozenTrial | None":
        """The best trial that was carried to its end."""
        done = [t for t in self.study.get_trials(deepcopy=False) if t.state == _state("COMPLETE")]
        return min(done, key=self._badness, default=None)

    def _badness(self, trial: "FrozenTrial") -> float:
        assert trial.value is not None  # it is complete
        return trial.value if self.goal.is_lowest else -trial.value

    def _conclude(self) -> None:
        """How many trials ended how, and the best; its folders alone go to stdout."""
        trials = self.study.get_trials(deepcopy=False)
        words = {"COMPLETE": "finished", "PRUNED": "pruned", "FAIL": "failed", "RUNNING": "stopped"}
        counts = {word: sum(t.state.name == state for t in trials) for state, word in words.items()}
        say(f"{len(trials)} trials: {', '.join(f'{count} {word}' for word, count in counts.items() if count)}")
        best = self._best()
        if best is not None:
            over = f", the mean over {len(self.bases)} seeds," if len(self.bases) > 1 else ""
            say(f"{self.goal}: {best.value:.4f}{over} with {', '.join(edits_of(best.params, self.space))}")
            for request in self._requests(best.params):
                click.echo(begun(request, self.runs.parent))


@define
class TrialWatcher:
    """Looks at a run while it goes, and stops it where the study sees no hope for it."""

    trial: "Trial"
    goal: Goal
    request: Request
    parent: Path
    is_hopeless: bool = False
    _seen: int = 0

    @contextmanager
    def beside(self, job: Job) -> Iterator[None]:
        """Inside, the run is looked at."""
        ended = threading.Event()
        thread = threading.Thread(target=self._look_until, args=(ended, job), daemon=True)
        thread.start()
        try:
            yield
        finally:
            ended.set()
            thread.join()
            self._report()

    def _look_until(self, ended: threading.Event, job: Job) -> None:
        while not self.is_hopeless and not ended.wait(SECONDS):
            if self._report() and self.trial.should_prune():
                self.is_hopeless = True
                job.stop()

    def _report(self) -> bool:
        """Tell the study what was measured since the last look; whether there was anything.

        Evaluations are counted, and not steps: runs of other lengths or batches have theirs at other steps.
        """
        folder = begun(self.request, self.parent)
        values = _measured(folder, self.goal) if folder is not None else []
        for number, value in enumerate(values[self._seen :], start=self._seen + 1):
            self.trial.report(value, step=number)
        is_news, self._seen = len(values) > self._seen, max(len(values), self._seen)
        return is_news


def _measured(folder: Path, goal: Goal) -> list[float]:
    """The results of the goal in the last stage, in the order of its evaluations."""
    lines = [line.get("eval", {}) for line in read_lines(folder)[0] if line["stage"] == goal.stage]
    return [float(line[goal.name]) for line in lines if isinstance(line.get(goal.name), float | int)]


def _result(folder: Path, goal: Goal) -> float | None:
    """What the run has come to: of the checkpoint that it keeps, where it keeps one, or of the last."""
    last = read_summary(folder).get("stages", {}).get(goal.stage, {})
    value = last.get(f"{goal.name}{KEPT}", last.get(goal.name))
    return float(value) if isinstance(value, float | int) else None


def _state(name: str) -> Any:
    from optuna.trial import TrialState

    return TrialState[name]
