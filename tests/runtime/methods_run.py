"""The small specs of the methods that the language was grown for, shortened, in double precision, all in one go.

`everything(FOLDER)` makes their plans once and forks what runs them: `FOLDER/W/NAME` by W processes together, and
`FOLDER/killed/NAME` by one that is killed at a moment, and by another one that goes on.
"""

import gc
import os
import signal
import socket
import sys
import traceback
from collections.abc import Callable, Sequence
from functools import partial
from importlib import import_module
from pathlib import Path

from attrs import frozen
from killed_run import killing

from ssldsl import pipeline
from ssldsl.graph.plan import Plan
from ssldsl.ops.library import Library
from ssldsl.passes.planning import make_plan
from ssldsl.runtime.run import Options, overridden, run
from ssldsl.syntax.parser import parse_edit

SPECS = Path(__file__).parents[2] / "specs"
LIBRARY = Library.shipped(installed=False)
QUIET = Options(is_progress_shown=False, keeps_state=True, checkpoint_every=3)
WORLDS = (1, 2, 4)
IMPORTED_LATE = ("torch._dynamo", "torch.optim.swa_utils", "sklearn.datasets", "sklearn.cluster")


@frozen
class Case:
    """A spec, cut short. `moment`: when it is killed, as `killed_run.py` writes it."""

    spec: str
    edits: Sequence[str]
    moment: str = "step:4"
    variants: Sequence[str] = ()

    def plan(self) -> Plan:
        edits = [parse_edit(edit, "set") for edit in self.edits]
        checked = pipeline.compose(pipeline.read(str(SPECS / f"{self.spec}.ssl")), self.variants, edits, None)
        return overridden(make_plan(checked.unwrap(), sizes={}), precision="fp64")


SHORT = ("run=6it", "evaluate=6it")
SEEN_AGAIN = "unlabeled=unlabel(images.train.subset(64, seed=1)) >> random_shift(1)"  # two steps are a pass
FEW = (*SHORT, "batch={labeled: 20, unlabeled: 32}", "encoder.width=4")
SIAMESE = (*SHORT, "batch.unlabeled=32", "encoder.width=4")
CASES = {
    "FixMatch": Case("fixmatch_digits", (*FEW, "fixmatch.threshold=0.12")),
    "FlexMatch": Case("fixmatch_digits", (*FEW, SEEN_AGAIN, "flexmatch.threshold=0.12"), variants=["flexmatch"]),
    "UDA": Case("fixmatch_digits", (*FEW, "uda.threshold=0.12"), variants=["uda"]),
    "temporal ensembling": Case("fixmatch_digits", (*FEW, SEEN_AGAIN), variants=["ensemble"]),
    "MixMatch": Case("mixmatch_digits", FEW),
    "Pi-model": Case("mixmatch_digits", FEW, variants=["pi"]),
    "ICT": Case("mixmatch_digits", FEW, variants=["ict"]),
    "fast-SWA": Case(
        "mixmatch_digits", (*FEW, "average=swa(start=2it, every=2it, statistics=1it)"), variants=["fast_swa"]
    ),
    "BYOL": Case("simsiam_digits", SIAMESE, variants=["byol"]),
    "MAE": Case("mae_digits", (*SHORT, "batch.all=32", "encoder.depth=1", "encoder.width=32")),
    "iBOT": Case("ibot_digits", (*SHORT, "batch.unlabeled=16", "encoder.depth=1", "encoder.width=32")),
    "DeepCluster": Case(
        "deepcluster_digits",
        (*SHORT, "seen.every=4it", "seen.components=8", "encoder.width=4", "k=10", "batch.seen=32"),
        "pass:4",
    ),
    "DeepCluster-v2": Case(
        "deepcluster_v2_digits",
        (*SIAMESE, "unlabeled=unlabel(images.train.subset(64, seed=1))", "k=5", "deepcluster_v2.every=2it"),
    ),
    "Super-AND in rounds, IIC on five heads": Case(
        "tsuc_digits",
        (
            "encoder.width=4",
            "batch=32",
            *(f"{stage}.{what}=4it" for stage in ("embed", "discover", "cluster") for what in ("run", "evaluate")),
        ),
        "step:discover.1/2",
    ),
    "LSD-C": Case(
        "lsdc_digits",
        (
            "encoder.widths=[4, 8]",
            "encoder.hidden=16",
            "pretrain.batch.all=32",
            "cluster.batch.all=32",
            *(f"{stage}.{what}=4it" for stage in ("pretrain", "cluster") for what in ("run", "evaluate")),
        ),
        "step:cluster/2",
    ),
    "SuperCM": Case("supercm_digits", (*FEW, "evaluate=2it", "keep=best(averaged)")),
    "Meta Pseudo Labels": Case(
        "mpl_digits",
        (
            "encoder.width=4",
            "source.width=4",
            "meta.run=6it",
            "meta.evaluate=6it",
            "meta.batch={labeled: 20, unlabeled: 32}",
            "finetune.run=4it",
        ),
        "update:4",
    ),
    "Noisy Student": Case(
        "noisy_student_digits",
        (
            "encoder.width=4",
            "teacher.run=4it",
            "student.run=4it",
            "evaluate=4it",
            "student.batch={labeled: 20, pseudo: 32}",
        ),
        "step:student.1/2",
    ),
}


def forked(work: Callable[[], object], log: Path) -> int:
    """A process that shares what has been imported and planned; its number."""
    child = os.fork()
    if child:
        return child
    try:
        with log.open("a", encoding="utf-8") as file:
            os.dup2(file.fileno(), 1)
            os.dup2(file.fileno(), 2)
        work()
        os._exit(0)
    except BaseException:  # noqa: BLE001  # it must not go on as its parent
        traceback.print_exc()
        sys.stderr.flush()
    os._exit(1)


def together(plans: dict[str, Plan], folder: Path, world: int) -> list[int]:
    """Run all plans in so many processes that compute together; their exit codes."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]

    def rank(number: int) -> None:
        shared = {"WORLD_SIZE": f"{world}", "LOCAL_WORLD_SIZE": f"{world}", "MASTER_ADDR": "127.0.0.1"}
        own = {"MASTER_PORT": f"{port}", "RANK": f"{number}", "LOCAL_RANK": f"{number}"}
        os.environ.update(shared | own if world > 1 else {})
        for name, plan in plans.items():
            run(plan, folder / str(world) / name, LIBRARY, QUIET)

    return ended([forked(partial(rank, number), folder / f"{world}.{number}.log") for number in range(world)])


def ended(children: list[int]) -> list[int]:
    """The exit codes of processes of which none waits for one that failed."""
    codes: dict[int, int] = {}
    while running := [child for child in children if child not in codes]:
        child, status = os.waitpid(-1, 0)
        codes[child] = os.waitstatus_to_exitcode(status)
        for other in set(running) - {child} if codes[child] else ():
            os.kill(other, signal.SIGTERM)
    return [codes[child] for child in children]


def killed_and_resumed(plan: Plan, folder: Path, moment: str) -> list[int]:
    def begin() -> None:
        killing(moment)
        run(plan, folder, LIBRARY, QUIET)

    works = (begin, lambda: run(plan, folder, LIBRARY, QUIET, resume=True))
    log = folder.with_suffix(".log")
    return [ended([forked(work, log)])[0] for work in works]


def everything(folder: Path, names: Sequence[str] = tuple(CASES), worlds: Sequence[int] = WORLDS) -> None:
    """All runs. What ended otherwise than it should is named in `FOLDER/failed`."""
    os.environ["ACCELERATE_USE_CPU"] = "true"
    plans = {name: CASES[name].plan() for name in names}
    for module in IMPORTED_LATE:
        import_module(module)
    gc.collect()
    gc.freeze()  # half of a short run is a search for garbage among all that has been imported
    failed = [f"{world} processes: {codes}" for world in worlds if any(codes := together(plans, folder, world))]
    (folder / "killed").mkdir()
    for name, plan in plans.items():
        codes = killed_and_resumed(plan, folder / "killed" / name, CASES[name].moment)
        failed += [f"{name}: {codes}"] if codes != [-signal.SIGKILL, 0] else []
    (folder / "failed").write_text("\n".join(failed), encoding="utf-8")


def compared(folder: Path, name: str) -> list[str]:
    """A line of the table: the largest difference of any number of the end, by processes, and whether bits agree."""
    from test_processes import ends, largest_difference

    one, again = ends(folder / "1" / name), ends(folder / "killed" / name)
    apart = [f"{largest_difference(one, ends(folder / str(world) / name)):.0e}" for world in WORLDS[1:]]
    same = one.keys() == again.keys() and all(one[key].equal(again[key]) for key in one)
    return [name, *apart, CASES[name].moment, "to the bit" if same else "differs"]


if __name__ == "__main__":
    place, *chosen = sys.argv[1:]
    everything(Path(place), chosen or tuple(CASES))
    print((Path(place) / "failed").read_text())
    for name in chosen or CASES:
        print("|", " | ".join(compared(Path(place), name)), "|")
