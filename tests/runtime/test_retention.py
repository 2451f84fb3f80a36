"""What stays of a run's checkpoints: all that a resume, `init`, `export` and a damaged disk need, and no more."""

import json
from pathlib import Path

import pytest
import torch
from attrs import evolve
from experiments import LIBRARY, two_stages
from test_best import plan as keeping
from test_resume import outcome

from ssldsl.errors import SpecError
from ssldsl.runtime.folder import retention
from ssldsl.runtime.folder.checkpoint import complete_checkpoints
from ssldsl.runtime.folder.stage_end import final_weights
from ssldsl.runtime.run import Options, run
from ssldsl.runtime.smoke.plan import smoke_plan

QUIET = Options(is_progress_shown=False)
OFTEN = evolve(QUIET, checkpoint_every=2)
ALL, RESULT = {"weights", "optimizer", "losses"}, {"weights"}
LOSS = "ce(labeled)"


def parts(folder: Path) -> dict[str, set[str]]:
    """The files with tensors of every complete checkpoint."""
    found = complete_checkpoints(folder / "checkpoints")
    return {c.folder.name: {file.stem for file in c.folder.glob("*.safetensors")} for c in found}


def test_a_stage_keeps_its_result_once_the_next_has_a_checkpoint(tmp_path: Path) -> None:
    plan = two_stages(steps=4, loss=LOSS)
    run(plan, tmp_path, LIBRARY, evolve(OFTEN, stop_after=6))
    assert parts(tmp_path) == {"00-main-00000004": RESULT, "01-second-00000002": ALL}


def test_a_finished_run_keeps_results_and_one_checkpoint_to_fall_back_to(tmp_path: Path) -> None:
    run(two_stages(steps=4, loss=LOSS), tmp_path, LIBRARY, OFTEN)
    assert parts(tmp_path) == {"00-main-00000004": RESULT, "01-second-00000002": ALL, "01-second-00000004": RESULT}


def test_where_the_next_stage_is_damaged_the_run_goes_on_from_a_result(tmp_path: Path) -> None:
    plan = two_stages(steps=4, loss=LOSS)
    run(plan, tmp_path / "whole", LIBRARY, evolve(OFTEN, keeps_state=True))
    run(plan, tmp_path / "run", LIBRARY, evolve(OFTEN, stop_after=6))
    (tmp_path / "run" / "checkpoints" / "01-second-00000002" / "weights.safetensors").write_bytes(b"")
    run(plan, tmp_path / "run", LIBRARY, evolve(OFTEN, keeps_state=True), resume=True)
    assert outcome(tmp_path / "run") == outcome(tmp_path / "whole")
    assert "the run goes on from 00-main-00000004" in (tmp_path / "run" / "notes.txt").read_text()


def test_what_is_taken_of_a_stage_is_the_same_before_and_after(tmp_path: Path) -> None:
    for name, options in (("before", evolve(QUIET, keeps_state=True)), ("after", QUIET)):
        run(keeping("lowest(val)"), tmp_path / name, LIBRARY, options)
    for average in (False, True):
        before, after = (final_weights(tmp_path / name, "first", average=average) for name in ("before", "after"))
        assert before.keys() == after.keys() and all(torch.equal(before[name], after[name]) for name in before)


def test_a_kill_between_manifest_and_files_leaves_a_complete_checkpoint(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(two_stages(steps=2, loss=LOSS), tmp_path, LIBRARY, evolve(QUIET, keeps_state=True))

    def killed(*arguments: object, **settings: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(Path, "unlink", killed)
        retention.drop_state_of_ended(complete_checkpoints(tmp_path / "checkpoints"))
    assert parts(tmp_path) == {"00-main-00000002": ALL, "01-second-00000002": ALL}
    retention.drop_state_of_ended(complete_checkpoints(tmp_path / "checkpoints"))
    assert parts(tmp_path) == {"00-main-00000002": RESULT, "01-second-00000002": RESULT}


def test_what_came_of_a_stage_belongs_to_a_checkpoint_that_nothing_can_measure_again(tmp_path: Path) -> None:
    run(two_stages(steps=2, loss=LOSS), tmp_path, LIBRARY, QUIET)
    end = tmp_path / "checkpoints" / "01-second-00000002"
    metrics = json.loads((tmp_path / "summary.json").read_text())["stages"]
    (end / "outcome.json").unlink()
    assert run(two_stages(steps=2, loss=LOSS), tmp_path, LIBRARY, QUIET, resume=True).metrics == metrics
    assert "files are missing or cut off" in (tmp_path / "notes.txt").read_text()


def test_a_smoke_run_keeps_the_weights_of_its_last_stage(tmp_path: Path) -> None:
    plan = smoke_plan(two_stages(steps=4, loss=LOSS), LIBRARY)
    run(plan, tmp_path, LIBRARY, evolve(QUIET, checkpoint_every=1))
    assert parts(tmp_path) == {"00-main-00000003": set(), "01-second-00000003": RESULT}
    assert final_weights(tmp_path, "second", average=False)
    with pytest.raises(SpecError, match=r"R413.*keeps no weights of stage `main`"):
        final_weights(tmp_path, "main", average=False)
    before = (tmp_path / "metrics.jsonl").read_bytes()
    assert run(plan, tmp_path, LIBRARY, QUIET, resume=True).status == "finished"
    assert (tmp_path / "metrics.jsonl").read_bytes() == before
    (tmp_path / "checkpoints" / "01-second-00000003" / "weights.safetensors").unlink()
    assert run(plan, tmp_path, LIBRARY, QUIET, resume=True).status == "finished"
    assert "it holds no tensors" in (tmp_path / "notes.txt").read_text()
