"""A run in processes of its own, each of which kills itself.

A moment is the step that is not begun any more, such as `step:2`, or that of a stage, `step:refine.1/2`, a step before
which a pass over the data is left in the middle, `pass:4`, one in the middle of which the weights of its second update
are about to change, `update:5`, or a file of a checkpoint that is half written, such as
`write:memory.safetensors`. The first process begins the run, and each other one continues it.
"""

import os
import signal
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

import derived_specs
import update_specs
from experiments import LIBRARY, stateful
from forked import alone
from memory_specs import DAINO, SAMPLES, SUAVE, SUPERCM, plan_of
from torch import Tensor

from ssldsl.graph.plan import NodePlan, Plan
from ssldsl.ops.data import Samples
from ssldsl.runtime import derive
from ssldsl.runtime.folder import checkpoint
from ssldsl.runtime.run import Options, run
from ssldsl.runtime.train import loop

QUIET = Options(is_progress_shown=False, keeps_state=True, checkpoint_every=3)
PLANS: dict[str, Callable[[], Plan]] = {
    "stateful": stateful,
    "suave": lambda: plan_of(SUAVE),  # its queues are full after step 3
    "daino": lambda: plan_of(DAINO),
    "clusters": lambda: derived_specs.plan_of(derived_specs.CLUSTERS),
    "rounds": lambda: derived_specs.plan_of(derived_specs.ROUNDS),
    "samples": lambda: plan_of(SAMPLES),
    "supercm": lambda: plan_of(SUPERCM),
    "updates": lambda: update_specs.plan_of(update_specs.META),
    "turns": lambda: update_specs.plan_of(update_specs.TURNS),
    "banks": lambda: derived_specs.plan_of(derived_specs.BANKS),
}


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def kill_before_step(moment: str) -> None:
    take = loop.take_step
    stage, _, number = moment.rpartition("/")

    def deadly(parts: loop.StageParts, step: int) -> None:
        if step == int(number) and stage in ("", parts.stage.name):
            die()
        take(parts, step)

    loop.take_step = deadly


def kill_in_pass(number: str) -> None:
    """Die when the networks have seen all samples, and nothing has been made of what they say."""
    call = derive.DerivedBuilder.call

    def deadly(self: derive.DerivedBuilder, node: NodePlan, tensors: Mapping[str, Tensor], step: int = 0) -> Samples:
        if step == int(number):
            die()
        return call(self, node, tensors, step)

    derive.DerivedBuilder.call = deadly  # type: ignore[method-assign]  # for the test


def kill_in_update(number: str) -> None:
    """Die when the second update of a step is computed, and the first is made."""
    change = loop._change_weights

    def deadly(parts: loop.StageParts, update: loop.UpdateParts, step: int) -> None:
        if step == int(number) and update is parts.updates[1]:
            die()
        change(parts, update, step)

    loop._change_weights = deadly


def kill_in_write(name: str) -> None:
    """Die halfway through the file of that name."""
    write = checkpoint.write_file

    def deadly(path: Path, content: bytes) -> None:
        if path.name == name:
            path.write_bytes(content[: len(content) // 2])
            die()
        write(path, content)

    checkpoint.write_file = deadly


def killing(moment: str) -> None:
    """From now on this process dies at the moment."""
    where, _, which = moment.partition(":")
    kills = {"step": kill_before_step, "pass": kill_in_pass, "update": kill_in_update, "write": kill_in_write}
    kills[where](which)


def sitting(plan: str, folder: Path, moment: str) -> None:
    """Begin or continue the run, up to the moment."""
    killing(moment)
    run(PLANS[plan](), folder, LIBRARY, QUIET, resume=folder.exists())


def killed(plan: str, folder: Path, moment: str) -> bool:
    """Whether a process of its own, which shares nothing but what it has imported, was killed."""
    return alone(folder.parent, partial(sitting, plan, folder, moment)) == -signal.SIGKILL
