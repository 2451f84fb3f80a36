"""A run that was stopped or killed, and continued, is to the bit the run that never was."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from attrs import evolve
from experiments import LIBRARY, experiment, of_many_data, stateful, two_stages
from killed_run import PLANS, QUIET, killed

from ssldsl.errors import SpecError
from ssldsl.graph.plan import VERSION, Plan
from ssldsl.runtime.folder.checkpoint import complete_checkpoints, latest, read_part
from ssldsl.runtime.folder.records import TIMINGS
from ssldsl.runtime.folder.run_folder import read_lines
from ssldsl.runtime.run import Options, run


def outcome(folder: Path) -> tuple[dict[str, bytes], list[dict[str, object]], list[str]]:
    """Final tensors as bytes, and the records without their timings."""
    last = latest(folder / "checkpoints")
    assert last is not None
    tensors = {
        f"{part}/{name}": tensor.numpy().tobytes()
        for part in ("weights", "average", "optimizer", "losses", "memory")
        for name, tensor in read_part(last, part).items()
    }
    lines = [{k: v for k, v in line.items() if k not in TIMINGS} for line in read_lines(folder)[0]]
    table = [row.rsplit(",", len(TIMINGS))[0] for row in (folder / "metrics.csv").read_text().splitlines()]
    return tensors, lines, table


def stopped(plan: Plan, folder: Path, *stops: int) -> None:
    """Run in sittings of so many steps, then to the end."""
    for number, stop in enumerate(stops):
        options = Options(is_progress_shown=False, keeps_state=True, stop_after=stop)
        assert run(plan, folder, LIBRARY, options, resume=number > 0).status == "interrupted"
    assert (
        run(plan, folder, LIBRARY, Options(is_progress_shown=False, keeps_state=True), resume=True).status == "finished"
    )


@pytest.mark.slow
@pytest.mark.parametrize(
    ("plan", "moments"),
    [
        # before the first checkpoint; a step after one, in the middle of an epoch; in the checkpoint at step 9
        ("stateful", ("step:2", "step:7", "write:optimizer.safetensors")),
        # with queues that fill, are full, and are being written
        ("suave", ("step:2", "step:4", "write:memory.safetensors")),
        # with the teacher among the weights, and the center
        ("daino", ("step:4", "write:weights.safetensors", "write:memory.safetensors")),
        ("samples", ("step:4", "write:memory.safetensors")),
        # with centroids and what each of them has counted
        ("supercm", ("step:4", "write:memory.safetensors")),
        # in the middle of a pass over the data, between two of them, and in a checkpoint that holds what they gave
        ("clusters", ("pass:4", "step:5", "pass:8", "write:recurring.safetensors")),
        # with the bank of a round half moved, also after a checkpoint of it
        ("banks", ("step:discover.0/2", "step:discover.1/5", "write:memory.safetensors")),
        # in the middle of a round, and of the round after it
        ("rounds", ("step:student.1/2", "step:student.1/4", "step:student.2/1")),
        # between the two updates of a step, and in a checkpoint with both of their optimizers
        ("updates", ("update:5", "step:7", "write:optimizer.safetensors")),
        # in the turn of the second update, and in that of the first
        ("turns", ("step:7", "step:9")),
    ],
    ids=["stateful", "suave", "daino", "samples", "supercm", "clusters", "banks", "rounds", "updates", "turns"],
)
def test_killed_and_resumed_is_never_killed_to_the_bit(plan: str, moments: tuple[str, ...], tmp_path: Path) -> None:
    run(PLANS[plan](), tmp_path / "whole", LIBRARY, QUIET)
    assert all(killed(plan, tmp_path / "killed", moment) for moment in moments)
    run(PLANS[plan](), tmp_path / "killed", LIBRARY, QUIET, resume=True)
    assert outcome(tmp_path / "killed") == outcome(tmp_path / "whole")


def test_stopped_in_the_middle_of_an_epoch_and_of_a_window_of_the_records(tmp_path: Path) -> None:
    plan = stateful("run=100it", "evaluate=50it")  # windows of two steps
    run(plan, tmp_path / "whole", LIBRARY, Options(is_progress_shown=False, keeps_state=True))
    stopped(plan, tmp_path / "stopped", 5, 46)
    assert outcome(tmp_path / "stopped") == outcome(tmp_path / "whole")


def test_stages_that_are_done_are_not_run_again(tmp_path: Path) -> None:
    plan = two_stages(steps=4)
    run(plan, tmp_path / "whole", LIBRARY, Options(is_progress_shown=False, keeps_state=True))
    stopped(plan, tmp_path / "stopped", 3, 3, 1)
    assert outcome(tmp_path / "stopped") == outcome(tmp_path / "whole")


def test_data_put_together_and_fitted_are_the_same_again(tmp_path: Path) -> None:
    run(of_many_data(), tmp_path / "whole", LIBRARY, Options(is_progress_shown=False, keeps_state=True))
    stopped(of_many_data(), tmp_path / "stopped", 3, 2)
    assert outcome(tmp_path / "stopped") == outcome(tmp_path / "whole")


def test_a_finished_run_resumed_changes_nothing(tmp_path: Path) -> None:
    first = run(experiment("run=4it"), tmp_path / "run", LIBRARY, Options(is_progress_shown=False, keeps_state=True))
    before = (tmp_path / "run" / "metrics.jsonl").read_bytes()
    again = run(
        experiment("run=4it"),
        tmp_path / "run",
        LIBRARY,
        Options(is_progress_shown=False, keeps_state=True),
        resume=True,
    )
    assert again.metrics == first.metrics
    assert (tmp_path / "run" / "metrics.jsonl").read_bytes() == before


def test_a_run_of_an_older_ssldsl_is_refused(tmp_path: Path) -> None:
    run(experiment("run=2it"), tmp_path / "run", LIBRARY, Options(is_progress_shown=False, keeps_state=True))
    file = tmp_path / "run" / "plan.json"
    file.write_text(file.read_text().replace(f'"version": {VERSION}', '"version": 1'))
    with pytest.raises(SpecError, match="its form is number 1") as caught:
        run(
            experiment("run=2it"),
            tmp_path / "run",
            LIBRARY,
            Options(is_progress_shown=False, keeps_state=True),
            resume=True,
        )
    assert caught.value.diagnostics[0].code == "R306"


def refusal(folder: Path, plan: Plan, options: Options) -> str:
    with pytest.raises(SpecError) as caught:
        run(plan, folder, LIBRARY, options, resume=True)
    assert caught.value.diagnostics[0].code == "R410"
    return str(caught.value)


def test_another_experiment_is_refused_with_the_difference(tmp_path: Path) -> None:
    run(
        experiment("run=2it"),
        tmp_path / "run",
        LIBRARY,
        Options(is_progress_shown=False, keeps_state=True, identity="one"),
    )
    options = Options(identity="two", difference=lambda before: [f"since {before}: weight 0.3 -> 0.5"])
    assert "since one: weight 0.3 -> 0.5" in refusal(tmp_path / "run", experiment("run=2it"), options)


def test_a_changed_op_is_refused_by_name(tmp_path: Path) -> None:
    plan = experiment("run=2it").model_copy(update={"ops": {"cross_entropy": "1"}})
    run(plan, tmp_path / "run", LIBRARY, Options(is_progress_shown=False, keeps_state=True))
    changed = plan.model_copy(update={"ops": {"cross_entropy": "2"}})
    assert "`cross_entropy` has changed" in refusal(tmp_path / "run", changed, Options())


def test_changed_data_are_refused(tmp_path: Path) -> None:
    plan = experiment("run=2it")
    run(plan, tmp_path / "run", LIBRARY, Options(is_progress_shown=False, keeps_state=True))
    lock = json.loads((tmp_path / "run" / "lock.json").read_text())
    stream = plan.stages[0].streams[0]
    lock["data"]["main"][stream.data] = "another digest"
    (tmp_path / "run" / "lock.json").write_text(json.dumps(lock))
    said = f"the data of stream `{stream.name}` in stage `main` have changed"
    assert said in refusal(tmp_path / "run", plan, Options())


def test_a_run_that_is_going_on_is_not_continued_beside_it(tmp_path: Path) -> None:
    """A child holds the records open, as a run does; when it is killed, the run can be continued."""
    folder = tmp_path / "run"
    run(experiment("run=2it"), folder, LIBRARY, Options(is_progress_shown=False, keeps_state=True))
    before = (folder / "metrics.jsonl").read_bytes()
    script = (
        "import sys, pathlib; from ssldsl.runtime.folder.records import MetricsFiles;"
        "files = MetricsFiles(pathlib.Path(sys.argv[1]), ('step',)); print('open', flush=True); sys.stdin.read()"
    )
    command = [sys.executable, "-c", script, str(folder)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=Path.cwd()) as other:
        assert other.stdout is not None and other.stdout.readline() == b"open\n"
        with pytest.raises(SpecError, match=r"R433.*is going on in another process"):
            run(experiment("run=2it"), folder, LIBRARY, Options(is_progress_shown=False, keeps_state=True), resume=True)
        other.kill()
    again = run(experiment("run=2it"), folder, LIBRARY, Options(is_progress_shown=False, keeps_state=True), resume=True)
    assert again.status == "finished" and (folder / "metrics.jsonl").read_bytes() == before


def test_a_damaged_lock_is_said(tmp_path: Path) -> None:
    run(experiment("run=2it"), tmp_path / "run", LIBRARY, Options(is_progress_shown=False, keeps_state=True))
    lock = tmp_path / "run" / "lock.json"
    lock.write_bytes(lock.read_bytes()[:100])
    with pytest.raises(SpecError, match=r"R408.*lock.json is damaged"):
        run(experiment("run=2it"), tmp_path / "run", LIBRARY, Options(), resume=True)


def test_a_run_is_never_overwritten(tmp_path: Path) -> None:
    run(experiment("run=2it"), tmp_path / "run", LIBRARY, Options(is_progress_shown=False, keeps_state=True))
    with pytest.raises(SpecError, match="never overwritten"):
        run(experiment("run=2it"), tmp_path / "run", LIBRARY, Options(is_progress_shown=False, keeps_state=True))


def test_the_two_newest_checkpoints_and_the_ends_of_stages_stay(tmp_path: Path) -> None:
    run(
        two_stages(steps=6),
        tmp_path / "run",
        LIBRARY,
        Options(is_progress_shown=False, keeps_state=True, checkpoint_every=1),
    )
    kept = [(c.stage, c.step) for c in complete_checkpoints(tmp_path / "run" / "checkpoints")]
    assert kept == [("main", 6), ("second", 5), ("second", 6)]


def test_global_random_numbers_are_those_of_the_step(tmp_path: Path) -> None:
    torch.manual_seed(1)
    run(stateful("run=3it"), tmp_path / "one", LIBRARY, Options(is_progress_shown=False, keeps_state=True))
    torch.manual_seed(2)
    run(stateful("run=3it"), tmp_path / "two", LIBRARY, Options(is_progress_shown=False, keeps_state=True))
    assert outcome(tmp_path / "one") == outcome(tmp_path / "two")


@pytest.mark.parametrize("damage", ["flipped", "cut off"])
def test_a_damaged_newest_checkpoint_is_passed_over_with_a_word(
    damage: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    plan, every_four = stateful("run=12it"), Options(is_progress_shown=False, keeps_state=True, checkpoint_every=4)
    run(plan, tmp_path / "whole", LIBRARY, every_four)
    run(plan, tmp_path / "run", LIBRARY, evolve(every_four, stop_after=9))
    newest = complete_checkpoints(tmp_path / "run" / "checkpoints")[-1]
    file = newest.folder / "weights.safetensors"
    content = file.read_bytes()
    file.write_bytes(content[:-1] + bytes([content[-1] ^ 1]) if damage == "flipped" else content[:-1])
    capsys.readouterr()
    run(plan, tmp_path / "run", LIBRARY, every_four, resume=True)
    assert outcome(tmp_path / "run") == outcome(tmp_path / "whole")
    said = [f"the checkpoint {newest.folder} is damaged", "the run goes on from 00-main-00000008: the steps after it"]
    for text in (capsys.readouterr().err, (tmp_path / "run" / "notes.txt").read_text()):
        assert all(words in text for words in said)


def test_where_every_checkpoint_is_damaged_the_run_begins_anew(tmp_path: Path) -> None:
    plan, every_two = stateful("run=6it"), Options(is_progress_shown=False, keeps_state=True, checkpoint_every=2)
    run(plan, tmp_path / "whole", LIBRARY, every_two)
    run(plan, tmp_path / "run", LIBRARY, evolve(every_two, stop_after=3))
    for checkpoint in complete_checkpoints(tmp_path / "run" / "checkpoints"):
        (checkpoint.folder / "state.json").write_bytes(b"{}")
    run(plan, tmp_path / "run", LIBRARY, every_two, resume=True)
    assert outcome(tmp_path / "run") == outcome(tmp_path / "whole")
    assert "the run begins anew" in (tmp_path / "run" / "notes.txt").read_text()
