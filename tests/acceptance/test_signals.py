"""Real signals to real runs: a checkpoint, an exit code that a scheduler understands, and a run that goes on by itself.

A metric of one's own says that it is reached and waits, so nothing here depends on how fast anything is.
"""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

pytestmark = [pytest.mark.slow, pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")]
GATE = '''
import os, time
from pathlib import Path

from torch import Tensor

from ssldsl.ops import Labels, Logits, op

@op(role="metrics")
def waiting(logits: Logits[Tensor, "rows classes"], labels: Labels[Tensor, "rows"]) -> float:
    """Says that it is reached, and waits until it may go on."""
    gate, rank = Path(os.environ["GATE"]), os.environ.get("RANK", "0")
    (gate / f"reached-{rank}").write_text(str(os.getpid()))
    while not (gate / "open").exists():
        time.sleep(0.02)
    return 0.5
'''
SPEC = """
ssl 1
use "gate.py"
data   images  = digits()
stream labeled = images.train.subset(100, seed=0)
net    encoder = convnet(width=4, norm="batch")
head   classes = linear(encoder.dim, images.classes)
net    model   = encoder >> classes
loss     = ce(labeled)
batch    = 20
run      = 8it
average  = polyak(momentum=0.9)
evaluate = 4it
eval waiting(model(images.test), images.test.label)
"""
SCHEDULED = [signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1]


class Job:
    """A command in a folder of its own, and the gate that its metric waits at."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "gate.py").write_text(GATE, "utf-8")
        (folder / "own.ssl").write_text(SPEC, "utf-8")

    def start(self, *command: str, **environment: str) -> subprocess.Popen[str]:
        python = [sys.executable, "-W", "ignore", "-m"]
        known = {"GATE": str(self.folder), "ACCELERATE_USE_CPU": "true", "OMP_NUM_THREADS": "1", **environment}
        return subprocess.Popen(
            [*python, *command, "run", "own.ssl", "--requeue", "--no-report", "--no-progress"],
            cwd=self.folder, env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2]), **known},
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip

    def reached(self, process: subprocess.Popen[str], rank: int = 0) -> int:
        """Wait until the metric is reached; the process that did."""
        file = self.folder / f"reached-{rank}"
        while not (file.exists() and file.read_text()):
            assert process.poll() is None, process.communicate()
            time.sleep(0.02)
        return int(file.read_text())

    def open(self) -> None:
        (self.folder / "open").touch()

    @property
    def runs(self) -> list[Path]:
        return sorted(self.folder.glob("runs/*"))

    def weights(self) -> dict[str, torch.Tensor]:
        (run,) = self.runs
        last = sorted((run / "checkpoints").iterdir())[-1]
        found = {f"{file.stem}/{key}": t for file in last.glob("*.safetensors") for key, t in load_file(file).items()}
        assert found
        return found


def status(job: Job) -> str:
    (run,) = job.runs
    return str(json.loads((run / "summary.json").read_text())["status"])


@pytest.fixture(autouse=True)
def heard() -> Iterator[None]:
    """Signals do what they do by default, also where the tests run under `nohup` or in the background of a shell."""
    before = {signal.SIGHUP: signal.signal(signal.SIGHUP, signal.SIG_DFL)}
    before[signal.SIGINT] = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Job:
    job = Job(tmp_path_factory.mktemp("undisturbed"))
    job.open()
    assert job.start("ssldsl").wait() == 0
    return job


@pytest.mark.parametrize("number", SCHEDULED)
def test_a_scheduler_s_signal_ends_in_a_checkpoint_and_the_same_command_goes_on(
    tmp_path: Path, undisturbed: Job, number: signal.Signals
) -> None:
    job = Job(tmp_path)
    process = job.start("ssldsl")
    os.kill(job.reached(process), number)
    job.open()
    _, said = process.communicate()
    assert process.returncode == 75
    assert f"{number.name}: the run stops after this step, with a checkpoint" in said
    assert status(job) == "interrupted"
    again = job.start("ssldsl")
    _, said = again.communicate()
    assert again.returncode == 0 and "going on with the run in" in said
    assert status(job) == "finished"
    mine, theirs = job.weights(), undisturbed.weights()
    assert mine.keys() == theirs.keys() and all(torch.equal(mine[key], theirs[key]) for key in mine)
    third = job.start("ssldsl")
    _, said = third.communicate()
    assert third.returncode == 0 and "nothing left to do" in said and len(job.runs) == 1


def test_ctrl_c_says_what_a_second_one_does_and_the_second_does_it(tmp_path: Path) -> None:
    job = Job(tmp_path)
    process = job.start("ssldsl")
    job.reached(process)
    process.send_signal(signal.SIGINT)
    assert process.stderr is not None
    said = next(line for line in process.stderr if "Ctrl-C" in line)
    assert (
        said == "Ctrl-C: the run stops after this step, with a checkpoint; Ctrl-C again ends it at once, without one\n"
    )
    process.send_signal(signal.SIGINT)
    _, rest = process.communicate()
    assert process.returncode == 130
    assert "ended at once; `ssldsl resume runs/own-s0-1` goes on from the last checkpoint" in rest


def test_what_is_ignored_stays_ignored(tmp_path: Path) -> None:
    job = Job(tmp_path)
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)  # as `nohup` does; a child inherits it
    try:
        process = job.start("ssldsl")
    finally:
        signal.signal(signal.SIGHUP, before)
    os.kill(job.reached(process), signal.SIGHUP)
    job.open()
    process.communicate()
    assert (process.returncode, status(job)) == (0, "finished")


def test_slurm_is_asked_to_start_the_job_again(tmp_path: Path) -> None:
    job = Job(tmp_path)
    asked = tmp_path / "asked"
    tool = tmp_path / "bin" / "scontrol"
    tool.parent.mkdir()
    tool.write_text(f'#!/bin/sh\necho "$@" > {asked}\n')
    tool.chmod(0o755)
    process = job.start("ssldsl", SLURM_JOB_ID="42", PATH=f"{tool.parent}:{os.environ['PATH']}")
    os.kill(job.reached(process), signal.SIGUSR1)
    job.open()
    _, said = process.communicate()
    assert process.returncode == 75 and "job 42 is requeued" in said
    assert asked.read_text() == "requeue 42\n"


@pytest.mark.parametrize("number", SCHEDULED)
def test_one_of_two_processes_that_is_told_stops_both_with_one_checkpoint(
    tmp_path: Path, number: signal.Signals
) -> None:
    job = Job(tmp_path)
    launcher = ("torch.distributed.run", "--standalone", "--nproc-per-node", "2", "-m", "ssldsl")
    process = job.start(*launcher)
    job.reached(process, 0)
    os.kill(job.reached(process, 1), number)
    job.open()
    process.communicate()
    assert process.returncode != 0
    assert status(job) == "interrupted"
    again = job.start(*launcher)
    again.communicate()
    assert (again.returncode, status(job), len(job.runs)) == (0, "finished", 1)
