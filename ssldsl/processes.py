"""Of several processes that say the same thing, one does. Launchers number the processes of a machine."""

import os
import time

PATIENCE = 20.0  # seconds


def has_launcher() -> bool:
    """Whether `torchrun` or `accelerate launch` started this process, perhaps beside others."""
    return "LOCAL_RANK" in os.environ


def is_speaker() -> bool:
    """Whether this is the first process of its machine."""
    return int(os.environ.get("LOCAL_RANK") or 0) == 0


def let_speak() -> None:
    """Wait while the first process says why all of them end: a launcher ends all once one has ended, this one too."""
    time.sleep(PATIENCE)
