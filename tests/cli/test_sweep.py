"""Sweeps: runs side by side, each a process of its own; what fails, what was stopped, what goes on."""

import sys
import threading
from collections.abc import Callable, Sequence
from functools import partial
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace

import pytest
from attrs import Factory, define
from click.testing import CliRunner, Result
from small_specs import classifier

from ssldsl import cli
from ssldsl.commands.execution import Execution
from ssldsl.commands.launchers import Local, make_launcher
from ssldsl.commands.series import Outcome
from ssldsl.commands.side_by_side import SideBySide, arguments_of, last_error
from ssldsl.errors import SpecError
from ssldsl.runtime.folder.request import Edits, Request

TINY = f"""{classifier()}\
batch     = 10
run       = 2it
optimizer = sgd(lr=0.1)
sweep optimizer.lr in [0.1, 1e38]
"""
QUIET = Execution(0, (), None, progress=False, report=False)


@define
class Pretended:
    """A launcher whose runs end at once, each with the code that its seed stands for."""

    seen: list[tuple[str, int]] = Factory(list)
    most: int = 0
    _now: int = 0
    _lock: threading.Lock = Factory(threading.Lock)

    def start(self, arguments: Sequence[str], log: Path, slot: int) -> "PretendedJob":
        seed = int(arguments[arguments.index("--seed") + 1])
        log.write_text("error[R401]: the loss is no number\n" if seed == 1 else "", encoding="utf-8")
        with self._lock:
            self.seen.append((str(seed), slot))
            self._now += 1
            self.most = max(self.most, self._now)
        return PretendedJob(self, {1: 1, 3: 75}.get(seed, 0))


@define
class PretendedJob:
    of: Pretended
    code: int

    def wait(self) -> int:
        with self.of._lock:
            self.of._now -= 1
        return self.code

    def stop(self) -> None: ...


def request(seed: int, **values: object) -> Request:
    return Request("tiny.ssl", TINY, seed=seed, **values)  # type: ignore[arg-type]  # of a test


def sweep(*arguments: object) -> Result:
    command = ["sweep", *map(str, arguments), "--no-report"]
    return CliRunner().invoke(cli.commands, command, standalone_mode=False)


def test_a_run_that_fails_stops_nothing_and_is_listed_at_the_end(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    launcher = Pretended()
    code = SideBySide(tmp_path, QUIET, launcher, jobs=2).run_all([request(seed) for seed in range(5)])
    assert code == 75
    assert sorted(seed for seed, _ in launcher.seen) == ["0", "1", "2", "3", "4"]
    assert launcher.most <= 2 and {slot for _, slot in launcher.seen} <= {0, 1}
    said = capsys.readouterr().err
    assert "5 runs: 3 finished, 1 failed, 1 stopped" in said
    assert "  failed: seed 1: the loss is no number (" in said


def test_after_a_stop_no_further_run_begins(tmp_path: Path) -> None:
    launcher = Pretended()
    side_by_side = SideBySide(tmp_path, QUIET, launcher, jobs=1)
    side_by_side.stop()
    assert side_by_side.each([request(0)], side_by_side.run) == [Outcome(75, "seed 0: not begun")]
    assert launcher.seen == []


def test_the_same_command_goes_on_with_what_is_not_finished(tmp_path: Path) -> None:
    for seed, status in enumerate(("finished", "interrupted")):
        folder = tmp_path / f"tiny-s{seed}-1"
        folder.mkdir()
        (folder / "request.json").write_text(request(seed).as_json(), encoding="utf-8")
        (folder / "summary.json").write_text(f'{{"status": "{status}"}}', encoding="utf-8")
    launcher = Pretended()
    assert SideBySide(tmp_path, QUIET, launcher, jobs=1).run_all([request(0), request(2)]) == 0
    assert [seed for seed, _ in launcher.seen] == ["2"]


def test_the_command_of_a_run_asks_for_the_same_run() -> None:
    edits = Edits(("big",), ("lr=1", "run=2it"), ("vat",))
    asked = request(4, edits=edits, smoke=True, precision="fp64", compiled=False)
    found = arguments_of(asked, Path("out"), QUIET)
    assert found[:2] == ["run", "tiny.ssl"] and "--requeue" in found
    pairs = list(pairwise(found))
    assert all(
        pair in pairs
        for pair in (("--variant", "big"), ("--set", "lr=1"), ("--set", "run=2it"), ("--drop", "vat"), ("--seed", "4"))
    )
    assert ("--precision", "fp64") in pairs and {"--smoke", "--no-compile", "--no-report"} <= set(found)


def test_processes_take_turns_with_the_gpus(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "2,5")
    assert [Local(3)._environment(slot)["CUDA_VISIBLE_DEVICES"] for slot in range(3)] == ["2", "5", "2"]


def test_the_reason_of_a_failure_is_its_last_error(tmp_path: Path) -> None:
    log = tmp_path / "x.log"
    log.write_text("warning[L601]: w\nerror[R401]: the loss is no number\n  --> a.ssl:1:1\n", encoding="utf-8")
    assert last_error(log) == "the loss is no number"
    log.write_text("", encoding="utf-8")
    assert last_error(log) == "it ended without a word"


def test_points_are_processes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("tiny.ssl").write_text(TINY, encoding="utf-8")
    done = sweep("tiny.ssl", "--jobs", 2)
    assert done.return_value == 1, done.output
    assert "2 runs: 1 finished, 1 failed\n  failed: optimizer.lr = 1e38: " in done.stderr
    folders = sorted(path.name for path in Path("runs").iterdir() if path.name != "logs")
    assert "tiny-optimizer.lr=0.1-s0-1" in folders


def test_submitit_runs_jobs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("submitit")
    monkeypatch.chdir(tmp_path)
    Path("tiny.ssl").write_text(TINY.replace(", 1e38", ""), encoding="utf-8")
    options = ("--option", "cluster=local", "--option", "timeout_min=5")
    done = sweep("tiny.ssl", "--smoke", "--launcher", "submitit", *options)
    assert "1 runs: 1 finished" in done.stderr, done.output
    assert (tmp_path / "runs" / "logs" / "submitit").is_dir()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [(("--option", "timeout_min=5"), "is for `--launcher submitit`"), (("--option", "timeout_min"), "has no value")],
)
def test_an_option_that_is_not_taken_is_said(tmp_path: Path, arguments: tuple[str, ...], message: str) -> None:
    spec = tmp_path / "tiny.ssl"
    spec.write_text(TINY, encoding="utf-8")
    with pytest.raises(SpecError, match=message):
        raise sweep(spec, *arguments).exception or AssertionError


class PretendedRay:
    """What a sweep calls of Ray. A task runs when its result is asked for."""

    def __init__(self) -> None:
        self.begun: dict[str, object] = {}
        self.asked: dict[str, object] = {}
        self.cancelled: list[object] = []

    def init(self, **given: object) -> None:
        self.begun = given

    def remote(self, function: Callable[..., int]) -> "PretendedRay":
        self.function = function
        return self

    def options(self, **given: object) -> object:
        self.asked = given
        return SimpleNamespace(remote=lambda *arguments: partial(self.function, *arguments))

    def get(self, task: Callable[[], int]) -> int:
        if task in self.cancelled:
            raise RuntimeError("it was cancelled")
        return task()

    def cancel(self, task: object) -> None:
        self.cancelled.append(task)


def test_ray_runs_tasks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ray = PretendedRay()
    monkeypatch.setitem(sys.modules, "ray", ray)
    launcher = make_launcher("ray", 3, tmp_path, {"num_gpus": "0.5"})
    assert ray.begun["num_cpus"] == 3 and (ray.asked["num_cpus"], ray.asked["num_gpus"]) == (1, 0.5)
    assert launcher.start(["--version"], tmp_path / "x.log", 0).wait() == 0
    assert "version" in (tmp_path / "x.log").read_text(encoding="utf-8")
    job = launcher.start(["--version"], tmp_path / "x.log", 0)
    job.stop()
    assert job.wait() == 75


@pytest.mark.parametrize("name", ["submitit", "ray"])
def test_a_launcher_that_is_not_installed_is_said(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(SpecError, match=f"R430.*`--launcher {name}` needs the package `{name}`"):
        make_launcher(name, 1, tmp_path, {})
