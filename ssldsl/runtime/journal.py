"""What a run tells while it goes on: lines of the records, values for trackers, notes, and the last metrics."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from attrs import Factory, define

from ssldsl.graph.plan import Plan, StagePlan
from ssldsl.graph.stages import in_order
from ssldsl.ir import captions
from ssldsl.runtime.console.progress import ProgressReporter
from ssldsl.runtime.data.derived import Computed
from ssldsl.runtime.evaluate.results import Evaluated, Results
from ssldsl.runtime.failures import explaining_disk
from ssldsl.runtime.folder.records import Line
from ssldsl.runtime.folder.results import write_arrays
from ssldsl.runtime.folder.trackers import Trackers
from ssldsl.runtime.ledger import Ledger


@define
class Journal:
    """One for all stages of a run. Only the main process has a ledger, and writes.

    results: the last evaluation of every stage. told: what the notes on metrics were about.
    """

    plan: Plan
    folder: Path
    ledger: Ledger | None
    reporter: ProgressReporter
    trackers: Trackers
    results: dict[str, Results] = Factory(dict)
    told: set[str] = Factory(set)

    def warn(self) -> None:
        """Say what was amiss with the folder when the run was taken up again."""
        for note in self.ledger.notes if self.ledger is not None else ():
            self.reporter.say(f"warning: {note}")

    def record(self, line: Line) -> None:
        """A line of the records; trackers count the steps of all stages."""
        if self.ledger is not None:
            self.ledger.record(line)
            self.trackers.log(line, self._steps_before(line["stage"]) + line["step"])

    def record_results(self, place: Line, found: Evaluated) -> None:
        """Record an evaluation; arrays first, since the line names their files."""
        if self.ledger is not None:
            with explaining_disk(self.folder):
                write_arrays(self.folder, found.stage, found.arrays)
        self.record({**place, "eval": found.results})
        self.tell(text for about, text in found.notes.items() if about not in self.told)
        self.told |= found.notes.keys()

    def record_data(self, stage: StagePlan, step: int, found: Mapping[str, Computed]) -> None:
        """A line about the labels, and the fields of samples, that a stage computed after so many steps."""
        when = f", step {step}" if step else ""
        for name, computed in found.items():
            self.reporter.say(f"stage {stage.name}{when}, `{captions.local(stage.name, name)}`: {computed}")
        said: dict[str, dict[str, Any]] = {}
        for name, computed in found.items():
            said.setdefault("labels" if computed.labels is not None else "computed", {})[name] = computed.as_line()
        self.record({"stage": stage.name, "step": step, "epoch": round(step / stage.steps_per_epoch, 6), **said})

    def tell(self, notes: Iterable[str]) -> None:
        """Say what a person should know, and keep it in the folder. Nothing is said twice."""
        for note in self.ledger.note(notes) if self.ledger is not None else ():
            self.reporter.say(f"note: {note}")

    def close(self) -> None:
        """Close the progress bar, the trackers and the files."""
        self.reporter.close()
        self.trackers.finish()
        if self.ledger is not None:
            self.ledger.close()

    def _steps_before(self, name: str) -> int:
        """The steps of the stages that run before one."""
        stages = in_order(self.plan)
        return sum(stage.steps for stage in stages[: [stage.name for stage in stages].index(name)])
