"""What a run takes over from outside: digests of the files and of the other runs that `init` names."""

import hashlib
from pathlib import Path

from ssldsl.graph.plan import InitPlan, Plan
from ssldsl.runtime.folder.stage_end import digest_of_run
from ssldsl.runtime.folder.weight_files import read_weights


def origin_digests(plan: Plan, folder: Path) -> dict[str, str]:
    """Digest of the weights behind every `init` from outside, by what the spec calls them."""
    inits = [init for stage in plan.stages for init in stage.init if init.run or init.file]
    return {_name(init): _digest(init, folder) for init in inits}


def _name(init: InitPlan) -> str:
    stage = f" {init.stage}" if init.stage else ""
    return f"{init.run}{stage}{' average' if init.average else ''}" if init.run else init.file


def _digest(init: InitPlan, folder: Path) -> str:
    if init.run:
        return digest_of_run(folder, init)
    read_weights(folder / init.file, init)  # says what is wrong with a file that cannot be read
    with (folder / init.file).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
