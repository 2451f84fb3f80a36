"""The processes of this machine: of several that say the same thing, one does. Launchers number them."""

import os
import time

PATIENCE = 20.0  # seconds


def has_launcher() -> bool:
    """Whether `torchrun` or `accelerate launch` started this process, perhaps beside others."""
    return "LOCAL_RANK" in os.environ


def is_local_main() -> bool:
    """Whether this is the first process of its machine."""
    return int(os.environ.get("LOCAL_RANK") or 0) == 0


def spare_cores() -> int:
    """How many processes beside this one may read files: as many as it has cores, which all of this machine share.

    None where it has one core alone: reading there is done between two steps.
    """
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    own = cores // int(os.environ.get("LOCAL_WORLD_SIZE") or 1)
    return own if own > 1 else 0


def wait_for_main() -> None:
    """Wait while the first process says why all of them end: a launcher ends all once one has ended, this one too."""
    time.sleep(PATIENCE)


def wait_asleep() -> None:
    """Let threads that wait for one another sleep, unless the user wants it otherwise; before torch is imported.

    They spin else; and where other jobs want the cores, every step waits for a thread that itself waits for a core.
    """
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")
