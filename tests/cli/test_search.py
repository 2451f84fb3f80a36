"""Searches: trials of a study in a file; what is stopped early, what goes on, what is refused."""

import json
import math
import re
import shutil
import sys
import threading
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import pytest
from attrs import Factory, define
from click.testing import CliRunner

from ssldsl import cli
from ssldsl.commands import search as searching
from ssldsl.commands.execution import Execution
from ssldsl.commands.search import search
from ssldsl.commands.search_space import checked_space, sweeps_of
from ssldsl.commands.side_by_side import SideBySide
from ssldsl.commands.study import alone
from ssldsl.errors import SpecError
from ssldsl.runtime.folder.request import Edits, Request

SPEC = """\
ssl 1
data   images  = digits()
stream labeled = images.train.subset(100, seed=0)
net    encoder = convnet(width=4)
head   classes = linear(encoder.dim, images.classes)
loss      = ce(labeled)
batch     = 10
run       = 2it
optimizer = sgd(lr=0.1)
eval top1(images.test)
sweep optimizer.lr  in log(1e-4, 1.0)
sweep encoder.width in int(4, 32, step=4)
sweep batch         in [10, 20]
"""
optuna = pytest.importorskip("optuna")


@define
class Pretended:
    """A launcher whose runs leave their folders at once. Two steps of ten from a rate of 0.01 cost all accuracy.

    The first seed leaves all accuracy, the second half of it. endless: numbers of starts whose runs end only when they
    are stopped. cut_off: those that a signal ends. failing: those that fail.
    """

    parent: Path
    endless: Sequence[int] = ()
    cut_off: Sequence[int] = ()
    failing: Sequence[int] = ()
    points: list[str] = Factory(list)

    def start(self, arguments: Sequence[str], log: Path, slot: int) -> "PretendedJob":
        number = len(self.points)
        sets = tuple(value for option, value in pairwise(arguments) if option == "--set")
        self.points.append(", ".join(sets))
        if number in self.failing:
            log.write_text("error[R401]: the loss is no number\n", encoding="utf-8")
            return PretendedJob(1)
        rate = float(re.findall(r"optimizer.lr = ([^,]+)", self.points[-1])[0])
        accuracy = max(0.0, 1 - abs(math.log10(rate) + 2) / 2) if number not in self.endless else 0.0
        seed = int(arguments[arguments.index("--seed") + 1])
        accuracy /= 1 + seed
        folder = self.parent / f"{Request(SPEC_NAME, SPEC, Edits((), sets)).stem}-s{seed}-1"
        folder.mkdir(parents=True)
        (folder / "request.json").write_text(
            Request(SPEC_NAME, SPEC, Edits((), sets), seed).as_json(), encoding="utf-8"
        )
        lines = [{"stage": "main", "step": step, "eval": {"top1": accuracy * step / 2}} for step in (1, 2)]
        (folder / "metrics.jsonl").write_text("".join(f"{json.dumps(line)}\n" for line in lines), encoding="utf-8")
        if number in (*self.endless, *self.cut_off):
            return PretendedJob(75, threading.Event() if number in self.endless else None)
        summary = {"status": "finished", "stages": {"main": {"top1": accuracy}}}
        (folder / "summary.json").write_text(json.dumps(summary), encoding="utf-8")
        return PretendedJob(0)


SPEC_NAME = "tiny.ssl"


@define
class PretendedJob:
    code: int
    stopped: threading.Event | None = None

    def wait(self) -> int:
        if self.stopped is not None:
            assert self.stopped.wait(60)
        return self.code

    def stop(self) -> None:
        assert self.stopped is not None
        self.stopped.set()


def searched(
    parent: Path,
    trials: int,
    launcher: Pretended | None = None,
    goal: str = "top1",
    seeds: Sequence[int] = (0,),
    **more: object,
) -> int:
    bases = [Request(SPEC_NAME, SPEC, seed=seed) for seed in seeds]
    space, wanted = checked_space(bases[0], sweeps_of(bases[0]), (goal, None))
    quiet = Execution(0, (), None, progress=False, report=False)
    runs = SideBySide(parent, quiet, launcher or Pretended(parent), jobs=1)
    return search(runs, bases, space, wanted, trials, **{"sampler": "tpe", "pruner": "none", **more})  # type: ignore[arg-type]  # of a test


def test_a_search_says_the_best_point_and_gives_its_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    launcher = Pretended(tmp_path, failing=[1])
    assert searched(tmp_path, 12, launcher) == 0
    said = capsys.readouterr()
    assert "12 trials: 11 finished, 1 failed" in said.err
    folder = Path(said.out.strip())
    best = json.loads((folder / "summary.json").read_text(encoding="utf-8"))["stages"]["main"]["top1"]
    everything = [json.loads(p.read_text(encoding="utf-8")) for p in tmp_path.glob("*/summary.json")]
    assert best == max(summary["stages"]["main"]["top1"] for summary in everything)
    assert f"highest top1: {best:.4f} with optimizer.lr = " in said.err


def test_points_lie_in_their_ranges(tmp_path: Path) -> None:
    launcher = Pretended(tmp_path)
    searched(tmp_path, 8, launcher, sampler="random")
    rates, widths, batches = zip(*(re.findall(r"= ([^,]+)", point) for point in launcher.points), strict=True)
    assert all(1e-4 <= float(rate) <= 1 for rate in rates) and min(map(float, rates)) < 0.01
    assert {int(width) % 4 for width in widths} == {0} and {*batches} == {"10", "20"}


def test_a_search_in_two_commands_tries_what_one_command_tries(tmp_path: Path) -> None:
    at_once, first, then = Pretended(tmp_path / "a"), Pretended(tmp_path / "b"), Pretended(tmp_path / "b")
    searched(at_once.parent, 14, at_once)
    searched(first.parent, 5, first)
    searched(then.parent, 14, then)
    assert [*first.points, *then.points] == at_once.points


def test_a_run_without_hope_is_stopped(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(searching, "SECONDS", 0.01)
    launcher = Pretended(tmp_path, endless=[6])
    assert searched(tmp_path, 7, launcher, pruner="median", sampler="random") == 0
    assert "7 trials: 6 finished, 1 pruned" in capsys.readouterr().err


def test_a_trial_that_was_stopped_is_gone_on_with(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert searched(tmp_path, 2, Pretended(tmp_path, cut_off=[1])) == 75
    assert "2 trials: 1 finished, 1 stopped" in capsys.readouterr().err
    for folder in tmp_path.glob("*/request.json"):  # the run goes on from its checkpoint, to its end
        summary = folder.parent / "summary.json"
        summary.write_text('{"status": "finished", "stages": {"main": {"top1": 0.25}}}', encoding="utf-8")
    again = Pretended(tmp_path)
    assert searched(tmp_path, 2, again) == 0
    assert again.points == [] and "2 trials: 2 finished" in capsys.readouterr().err


def test_a_study_of_another_search_is_refused(tmp_path: Path) -> None:
    searched(tmp_path, 1)
    with pytest.raises(SpecError, match="R435"):
        base = Request(SPEC_NAME, SPEC, seed=0)
        space, goal = checked_space(base, sweeps_of(base), (None, "top1"))
        runs = SideBySide(tmp_path, Execution(0, (), None, False, False), Pretended(tmp_path), jobs=1)
        search(runs, [base], space, goal, 1, "tpe", "none")


def test_two_commands_do_not_carry_on_one_search(tmp_path: Path) -> None:
    with alone(tmp_path / "x.lock"), pytest.raises(SpecError, match="R433"), alone(tmp_path / "x.lock"):
        pass


def refused(folder: Path, text: str, *arguments: str) -> str:
    path = folder / SPEC_NAME
    path.write_text(text, encoding="utf-8")
    done = CliRunner().invoke(cli.commands, [arguments[0], str(path), *arguments[1:]], standalone_mode=False)
    assert isinstance(done.exception, SpecError), done.output
    return str(done.exception)


def test_the_number_of_a_point_is_the_mean_over_the_seeds(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    launcher = Pretended(tmp_path)
    assert searched(tmp_path, 3, launcher, seeds=(0, 1)) == 0
    assert launcher.points[::2] == launcher.points[1::2]
    said = capsys.readouterr()
    folders = [Path(line) for line in said.out.split()]
    results = [json.loads((f / "summary.json").read_text("utf-8"))["stages"]["main"]["top1"] for f in folders]
    assert results[1] == pytest.approx(results[0] / 2)
    assert f"highest top1: {results[0] * 0.75:.4f}, the mean over 2 seeds," in said.err


def test_a_point_of_which_one_seed_fails_has_no_number(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert searched(tmp_path, 2, Pretended(tmp_path, failing=[1]), seeds=(0, 1)) == 0
    assert "2 trials: 1 finished, 1 failed" in capsys.readouterr().err


def test_a_search_goes_on_with_the_seed_that_was_stopped(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert searched(tmp_path, 1, Pretended(tmp_path, cut_off=[1]), seeds=(0, 1)) == 75
    again = Pretended(tmp_path)
    shutil.rmtree(next(tmp_path.glob("*-s1-1")))  # the launcher makes folders anew
    assert searched(tmp_path, 1, again, seeds=(0, 1)) == 0
    assert len(again.points) == 1
    assert "finished before" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("sweep",), "search it: `ssldsl sweep SPEC --trials 50`"),
        (("run", "--sweep"), "search it: `ssldsl sweep SPEC --trials 50`"),
        (("sweep", "--trials", "2"), "say `--maximize NAME` or `--minimize NAME`; stage `main` measures `top1`"),
        (("sweep", "--trials", "2", "--maximize", "top2"), "did you mean `top1`?"),
        (("sweep", "--trials", "2", "--maximize", "top1", "--minimize", "top1"), "a search has one goal"),
        (
            ("sweep", "--trials", "2", "--maximize", "top1", "--variant", "a,b"),
            "of one experiment, and `a`, `b` are several",
        ),
        (("sweep", "--trials", "2", "--maximize", "top1", "--set", "batch=0"), "`batch`"),
    ],
)
def test_what_cannot_be_searched_is_said(tmp_path: Path, arguments: tuple[str, ...], message: str) -> None:
    assert message in refused(tmp_path, SPEC, *arguments)


def test_a_search_of_nothing_is_refused(tmp_path: Path) -> None:
    text = SPEC[: SPEC.index("sweep")]
    assert "no sweep to search" in refused(tmp_path, text, "sweep", "--trials", "2", "--maximize", "top1")


def test_the_goal_is_what_the_last_stage_keeps_by(tmp_path: Path) -> None:
    base = Request(SPEC_NAME, f"{SPEC}keep = best(top1)\n", seed=0)
    assert str(checked_space(base, sweeps_of(base), (None, None))[1]) == "highest top1"


def test_without_optuna_the_package_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "optuna", None)
    with pytest.raises(SpecError, match=r"R430.*(?s:.)*ssldsl\[search\]"):
        searched(tmp_path, 1)
