"""The folder of a run, as one process keeps it: begun, continued after checking that it is the same run, and ended."""

import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from attrs import define

from ssldsl.graph.plan import Plan
from ssldsl.runtime.failures import explaining_disk
from ssldsl.runtime.folder.checkpoint import (
    Checkpoint,
    Tensors,
    checkpoint_name,
    complete_checkpoints,
    latest,
    read_outcome,
    read_state,
    removed_if_unfinished,
    set_damaged_aside,
    write_checkpoint,
    write_file,
    write_outcome,
)
from ssldsl.runtime.folder.records import Line, MetricsFiles, columns, new_folder, write_json
from ssldsl.runtime.folder.retention import drop_state_of_ended, keep_last_weights, remove_old
from ssldsl.runtime.folder.run_folder import CHECKPOINTS, LOCK, NOTES, PLAN, SUMMARY, read_notes
from ssldsl.runtime.lock import Difference, check_same, continue_lock

KEPT = 2  # checkpoints beside those at the ends of stages


@define
class Ledger:
    """Writes the records of one run. Only the main process has one.

    keeps_state: whether stages that ended keep what only training needs.
    """

    folder: Path
    files: MetricsFiles
    seconds: float = 0.0  # of earlier sittings
    _since: float = 0.0
    notes: tuple[str, ...] = ()  # of this sitting
    keeps_state: bool = False

    @staticmethod
    def begin(folder: Path, plan: Plan, texts: Mapping[str, str], lock: Mapping[str, Any]) -> "Ledger":
        """A new run folder. `texts`: file name -> content, such as the spec as it was given."""
        with explaining_disk(folder):
            with removed_if_unfinished(new_folder(folder)):
                for name, text in texts.items():
                    (folder / name).parent.mkdir(parents=True, exist_ok=True)
                    write_file(folder / name, text.encode())
                write_file(folder / PLAN, (plan.model_dump_json(indent=1) + "\n").encode())
                write_json(folder / LOCK, dict(lock))
                (folder / CHECKPOINTS).mkdir()
            return Ledger(folder, MetricsFiles(folder, columns(plan)), since=time.monotonic())

    @staticmethod
    def resume(folder: Path, plan: Plan, lock: Mapping[str, Any], difference: Difference | None) -> "Ledger":
        """An old run folder, if it is of the same experiment; lines after its latest checkpoint are forgotten.

        A checkpoint that is damaged is passed over, down to the run's beginning.
        """
        check_same(folder, plan, lock, difference)
        with explaining_disk(folder):
            files = MetricsFiles(folder, columns(plan))
            damaged = set_damaged_aside(folder / CHECKPOINTS)
            found = latest(folder / CHECKPOINTS)
            state = read_state(found) if found is not None else {}
            files.cut_back(state["files"] if state else files.empty_sizes())
            moment = {"stage": found.stage, "step": found.step} if found is not None else {"step": 0}
            notes = (*_notes(damaged, found), *continue_lock(folder, plan, lock, moment))
            _append_notes(folder, notes)
        return Ledger(folder, files, state.get("seconds", 0.0), time.monotonic(), notes)

    def elapsed(self) -> float:
        """Seconds that the run has taken, over all sittings."""
        return self.seconds + time.monotonic() - self._since

    def record(self, line: Line) -> None:
        with explaining_disk(self.folder):
            self.files.write({**line, "seconds": round(self.elapsed(), 3)})

    def note(self, texts: Iterable[str]) -> list[str]:
        """Keep what a person should know in notes.txt. Gives what is new of it."""
        known = read_notes(self.folder)
        new = [text for text in dict.fromkeys(texts) if text not in known]
        with explaining_disk(self.folder):
            _append_notes(self.folder, new)
        return new

    def save(
        self, *, number: int, stage: str, step: int, is_end: bool, tensors: Tensors, state: dict[str, Any]
    ) -> None:
        """Write a checkpoint that knows how far the records were, and remove what no later one needs."""
        checkpoints = self.folder / CHECKPOINTS
        with explaining_disk(self.folder):
            self.files.sync()
            whole = {**state, "files": self.files.sizes(), "seconds": self.elapsed()}
            write_checkpoint(
                checkpoints, number=number, stage=stage, step=step, is_end=is_end, tensors=tensors, state=whole
            )
            left = remove_old(complete_checkpoints(checkpoints), KEPT)
            if not self.keeps_state:
                drop_state_of_ended(checkpoint for checkpoint in left if checkpoint.serial[0] < number)

    def conclude(
        self,
        *,
        number: int,
        stage: str,
        step: int,
        results: Mapping[str, Any],
        undrawn: Mapping[str, str],
        best: Mapping[str, Any],
    ) -> None:
        """Write what was measured at the end of a stage, and which pictures could not be drawn, and why.

        best: which checkpoint the stage keeps, if it keeps another than the last.
        """
        end = self.folder / CHECKPOINTS / checkpoint_name(number, stage, step)
        outcome = {"results": results, "is_measured": True, "undrawn": undrawn, **({"best": best} if best else {})}
        with explaining_disk(self.folder):
            self.files.sync()
            now = {"files": self.files.sizes(), "seconds": self.elapsed()}
            # of a stage that was measured before, and drawn now, the records end where they ended
            write_outcome(end, {**outcome, **now, **read_outcome(end), "undrawn": undrawn})

    def end(self, status: str, stages: Mapping[str, Any], message: str = "") -> None:
        """Write how the run ended."""
        summary = {"status": status, "seconds": round(self.elapsed(), 3), "stages": dict(stages), "message": message}
        with explaining_disk(self.folder):
            write_json(self.folder / SUMMARY, summary)

    def tidy(self, *, is_smoke: bool) -> None:
        """Of a run that has finished, keep results. Of a smoke run, whose numbers mean nothing, the last weights."""
        with explaining_disk(self.folder):
            checkpoints = complete_checkpoints(self.folder / CHECKPOINTS)
            if is_smoke:
                keep_last_weights(checkpoints)
            elif not self.keeps_state:
                drop_state_of_ended(checkpoints)

    def close(self) -> None:
        self.files.close()


def _notes(damaged: Sequence[str], found: Checkpoint | None) -> tuple[str, ...]:
    """What is said of damaged checkpoints, and where the run goes on instead."""
    if not damaged:
        return ()
    where = f"the run goes on from {found.folder.name}" if found is not None else "the run begins anew"
    return (*damaged, f"{where}: the steps after it are taken once more")


def _append_notes(folder: Path, notes: Sequence[str]) -> None:
    if notes:
        with (folder / NOTES).open("a", encoding="utf-8") as file:
            file.writelines(f"{note}\n" for note in notes)
