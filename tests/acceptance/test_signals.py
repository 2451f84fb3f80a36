"""Real signals to real runs: a checkpoint, an exit code that a scheduler understands, and a run that goes on by itself.

A metric of one's own says that it is reached and waits, so nothing here depends on how fast anything is.
"""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch
from forked import Command, start, together
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
COMMAND = ("run", "own.ssl", "--requeue", "--no-report", "--no-progress")
SCHEDULED = [signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1]


class Job:
    """A command in a folder of its own, and the gate that its metric waits at."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "gate.py").write_text(GATE, "utf-8")
        (folder / "own.ssl").write_text(SPEC, "utf-8")

    def start(self, *, ignored: tuple[int, ...] = (), **environment: str) -> Command:
        known = {"GATE": str(self.folder), "ACCELERATE_USE_CPU": "true", **environment}
        return start(self.folder, *COMMAND, ignored=ignored, **known)

    def start_two(self) -> subprocess.Popen[str]:
        """The same in two processes of a launcher."""
        launcher = ["torch.distributed.run", "--standalone", "--nproc-per-node", "2", "-m", "ssldsl"]
        known = {"GATE": str(self.folder), "ACCELERATE_USE_CPU": "true", "OMP_NUM_THREADS": "1"}
        return subprocess.Popen(
            [sys.executable, "-W", "ignore", "-m", *launcher, *COMMAND],
            cwd=self.folder, env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2]), **known},
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip

    def reached(self, process: Command | subprocess.Popen[str], rank: int = 0) -> int:
        """Wait until the metric is reached; the process that did."""
        file = self.folder / f"reached-{rank}"
        while not (file.exists() and file.read_text()):
            assert process.poll() is None, process
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


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Job:
    job = Job(tmp_path_factory.mktemp("undisturbed"))
    job.open()
    assert job.start().end()[0] == 0
    return job


@pytest.mark.parametrize("number", SCHEDULED)
def test_a_scheduler_s_signal_ends_in_a_checkpoint_and_the_same_command_goes_on(
    tmp_path: Path, undisturbed: Job, number: signal.Signals
) -> None:
    job = Job(tmp_path)
    process = job.start()
    os.kill(job.reached(process), number)
    job.open()
    code, said = process.end()
    assert code == 75
    assert f"{number.name}: the run stops after this step, with a checkpoint" in said
    assert status(job) == "interrupted"
    code, said = job.start().end()
    assert code == 0 and "going on with the run in" in said
    assert status(job) == "finished"
    mine, theirs = job.weights(), undisturbed.weights()
    assert mine.keys() == theirs.keys() and all(torch.equal(mine[key], theirs[key]) for key in mine)
    code, said = job.start().end()
    assert code == 0 and "nothing left to do" in said and len(job.runs) == 1


def test_ctrl_c_says_what_a_second_one_does_and_the_second_does_it(tmp_path: Path) -> None:
    job = Job(tmp_path)
    process = job.start()
    os.kill(job.reached(process), signal.SIGINT)
    assert process.hears("Ctrl-C") == (
        "Ctrl-C: the run stops after this step, with a checkpoint; Ctrl-C again ends it at once, without one"
    )
    os.kill(process.pid, signal.SIGINT)
    code, said = process.end()
    assert code == 130
    assert "ended at once; `ssldsl resume runs/own-s0-1` goes on from the last checkpoint" in said


def test_what_is_ignored_stays_ignored(tmp_path: Path) -> None:
    job = Job(tmp_path)
    process = job.start(ignored=(signal.SIGHUP,))
    os.kill(job.reached(process), signal.SIGHUP)
    job.open()
    assert (process.end()[0], status(job)) == (0, "finished")


def test_slurm_is_asked_to_start_the_job_again(tmp_path: Path) -> None:
    job = Job(tmp_path)
    asked = tmp_path / "asked"
    tool = tmp_path / "bin" / "scontrol"
    tool.parent.mkdir()
    tool.write_text(f'#!/bin/sh\necho "$@" > {asked}\n')
    tool.chmod(0o755)
    process = job.start(SLURM_JOB_ID="42", PATH=f"{tool.parent}:{os.environ['PATH']}")
    os.kill(job.reached(process), signal.SIGUSR1)
    job.open()
    code, said = process.end()
    assert code == 75 and "job 42 is requeued" in said
    assert asked.read_text() == "requeue 42\n"


def test_one_of_two_processes_that_is_told_stops_both_with_one_checkpoint(tmp_path: Path) -> None:
    job = Job(tmp_path)
    process = job.start_two()
    job.reached(process, 0)
    os.kill(job.reached(process, 1), signal.SIGUSR1)  # every signal that is heard is heard alike
    job.open()
    process.communicate()
    assert process.returncode != 0
    assert status(job) == "interrupted"
    together(tmp_path, *COMMAND, GATE=str(tmp_path))
    assert (status(job), len(job.runs)) == ("finished", 1)
