"""Several runs of one command: one process, a summary, and nobody stops the others."""

from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from small_specs import classifier

from ssldsl import cli
from ssldsl.check import Checked
from ssldsl.commands.series import Outcome, summary
from ssldsl.errors import SpecError
from ssldsl.runtime.folder.request import Request

TINY = f"{classifier()}batch = 10\nrun = 2it\n"


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with specs in it, and nowhere any data."""
    monkeypatch.setenv("SSLDSL_DATA", str(tmp_path / "nothing"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "nothing"))
    monkeypatch.chdir(tmp_path)
    for name in ("a", "b"):
        Path(f"{name}.ssl").write_text(TINY, encoding="utf-8")
    Path("lost.ssl").write_text(TINY.replace("digits()", "cifar10()"), encoding="utf-8")
    Path("wrong.ssl").write_text(TINY.replace("2it", "2"), encoding="utf-8")
    return tmp_path


def run(*arguments: str) -> Result:
    command = ["run", *arguments, "--no-progress", "--no-report"]
    return CliRunner().invoke(cli.commands, command, standalone_mode=False)


def test_several_specs_are_run_one_after_another_with_a_summary(here: Path) -> None:
    done = run("a.ssl", "b.ssl", "--smoke")
    assert done.return_value == 0, done.output
    assert sorted(path.name for path in Path("runs").iterdir()) == ["a-smoke-s0-1", "b-smoke-s0-1"]
    assert done.stderr.rstrip().endswith("2 runs: 2 finished")


def test_each_spec_has_each_seed(here: Path) -> None:
    done = run("a.ssl", "b.ssl", "--seed", "3..4", "--smoke")
    assert "run 3 of 4: b.ssl, seed 3" in done.stderr
    assert len(list(Path("runs").iterdir())) == 4


def test_a_run_that_fails_leaves_the_others_alone_and_the_summary_says_why(here: Path) -> None:
    done = run("lost.ssl", "a.ssl")
    assert done.return_value == 1
    assert [path.name for path in Path("runs").iterdir()] == ["a-s0-1"]
    assert "error[R403]" in done.stderr
    assert "2 runs: 1 finished, 1 failed\n  failed: lost.ssl: " in done.stderr


def test_errors_of_all_specs_are_said_before_anything_runs(here: Path) -> None:
    Path("also_wrong.ssl").write_text(TINY.replace("ce(", "no_such_op("), encoding="utf-8")
    done = run("a.ssl", "wrong.ssl", "also_wrong.ssl")
    assert isinstance(done.exception, SpecError)
    assert {d.code for d in done.exception.diagnostics} == {"D501", "N201"}
    assert not Path("runs").exists()


def test_a_run_that_was_stopped_is_in_the_summary() -> None:
    outcomes = [Outcome(0, "a.ssl"), Outcome(130, "b.ssl")]
    assert summary(outcomes) == "2 runs: 1 finished, 1 stopped\n  stopped: b.ssl"


def test_a_mistake_of_ours_in_one_run_stops_no_other(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from ssldsl import pipeline

    prepare = pipeline.prepare

    def broken(request: Request, checked: Checked) -> pipeline.Prepared:
        if request.spec == "a.ssl":
            raise ZeroDivisionError("ours")
        return prepare(request, checked)

    monkeypatch.setattr(pipeline, "prepare", broken)
    done = run("a.ssl", "b.ssl", "--smoke")
    assert done.return_value == 70
    assert "2 runs: 1 finished, 1 failed\n  failed: a.ssl: ZeroDivisionError: ours" in done.stderr
