"""A run in a process of its own that kills itself: `killed_run.py FOLDER begin|resume step|write NUMBER`."""

import os
import signal
import sys
from pathlib import Path

from training_plans import LIBRARY, stateful

from ssldsl.runtime import checkpoint, training
from ssldsl.runtime.running import Options, run

QUIET = Options(is_progress_shown=False, checkpoint_every=3, identity="stateful")


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def kill_before_step(number: int) -> None:
    take = training.take_step

    def deadly(made: training.Machinery, step: int) -> None:
        if step == number:
            die()
        take(made, step)

    training.take_step = deadly


def kill_in_write(number: int) -> None:
    """Die halfway through the file of that number."""
    write, count = checkpoint.write_file, iter(range(1000))

    def deadly(path: Path, content: bytes) -> None:
        if next(count) == number:
            path.write_bytes(content[: len(content) // 2])
            die()
        write(path, content)

    checkpoint.write_file = deadly


if __name__ == "__main__":
    folder, how, where, number = sys.argv[1:]
    (kill_before_step if where == "step" else kill_in_write)(int(number))
    run(stateful(), Path(folder), LIBRARY, QUIET, resume=how == "resume")
