"""Commands of ssldsl in this process, and in two that a launcher starts."""

import os
import subprocess
import sys
from pathlib import Path

from click.testing import CliRunner

from ssldsl import cli


def run_in_one(command: list[str]) -> None:
    CliRunner().invoke(cli.commands, command, standalone_mode=False, catch_exceptions=False)


def run_in_two(command: list[str]) -> None:
    launcher = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc_per_node", "2", "-m", "ssldsl"]
    environment = {**os.environ, "ACCELERATE_USE_CPU": "true", "PYTHONPATH": str(Path.cwd()), "OMP_NUM_THREADS": "1"}
    done = subprocess.run([*launcher, *command], capture_output=True, text=True, env=environment)
    assert done.returncode == 0, done.stderr[-3000:]
