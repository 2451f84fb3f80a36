"""A run that kills itself while it labels a data set."""

import os
import signal
from pathlib import Path
from typing import Any

from derived_specs import carried_out, plan_of, text

from ssldsl.runtime.data import derived
from ssldsl.runtime.evaluate import evaluator
from ssldsl.runtime.folder import checkpoint


def die(*_: Any, **__: Any) -> Any:
    os.kill(os.getpid(), signal.SIGKILL)


def kill_in_pass() -> None:
    """Die after the first batch of the pass."""
    joined = evaluator.Evaluator._joined

    def deadly(self: evaluator.Evaluator, parts: Any, samples: int) -> Any:
        return die() if self.earlier else joined(self, parts, samples)

    evaluator.Evaluator._joined = deadly  # type: ignore[method-assign]  # for the test


def kill_in_write() -> None:
    """Die when half of the labels are written."""

    def deadly(path: Path, content: bytes) -> None:
        path.with_name(f".{path.name}").write_bytes(content[: len(content) // 2])
        die()

    derived.write_whole = deadly


def label(folder: Path, moment: str) -> None:
    """Begin or go on, up to the moment: in the `pass` or in the `write`."""
    (kill_in_pass if moment == "pass" else kill_in_write)()
    carried_out(plan_of(text()), folder, resume=checkpoint.latest(folder / "checkpoints") is not None)
