"""The settings of a stage, one row each: how it is read, what it is by default, what a change of it means.

Whatever lists settings reads these rows: `resolve`, edits, differences, reports, the table of the reference. A new
one is a row, a field of `Stage` (and of `StagePlan`), and the place that acts on it.
"""

from collections.abc import Callable
from typing import Any, Literal

from attrs import frozen

from ssldsl.check.stages.batches import read_batch, read_clock, read_duration, read_run, read_turns
from ssldsl.check.stages.choices import choice, read_accumulate, read_clip, read_flag, read_keep, read_seed
from ssldsl.check.stages.losses import read_loss
from ssldsl.check.stages.training import read_average, read_groups, read_optimizer
from ssldsl.check.state.reader import Reader

Level = Literal["stage", "shared", "spec"]
Change = Literal["semantic", "coupled", "execution"]


@frozen
class StageSetting:
    """One setting.

    read: its value, or one to go on with once it is reported that what is written is wrong; `None` where a stage cannot
        be without it.
    default: as the language writes it; empty where it must be given or follows from others.
    says: what it is, in one sentence. otherwise: the default in words, where it is not one value.
    level: written in a stage, in a stage or above all of them (`shared`), or above all of them alone (`spec`).
    change: whether another value means another experiment or only another execution of it; `coupled`: another
        experiment where rows of a batch depend on one another.
    """

    name: str
    read: Callable[[Reader, str], Any]
    default: str
    says: str
    otherwise: str = ""
    level: Level = "stage"
    change: Change = "semantic"


SETTINGS = (  # in the order they are read, which is that of the reference
    StageSetting("loss", read_loss, "", "the sum of terms", "must be given"),
    StageSetting("run", read_run, "", "how long: `30ep`, `500it`", "must be given", level="shared"),
    StageSetting(  # after the loss, whose streams it draws
        "batch",
        read_batch,
        "64",
        "rows of every stream in a step, over all processes: `{labeled: 50, unlabeled: 100}`, or one number for all",
        "64 of each",
        level="shared",
    ),
    StageSetting(  # after `batch`, which names the streams
        "clock", read_clock, "", "the stream whose pass is an epoch", "the first that `batch` names", level="shared"
    ),
    StageSetting(
        "optimizer",
        read_optimizer,
        "sgd(lr=0.03, momentum=0.9)",
        "`sgd(...)`, `adam(...)`, `adamw(...)`, `lars(...)`",
        level="shared",
    ),
    StageSetting(  # after the optimizer, whose settings they are
        "groups",
        read_groups,
        "none",
        "optimizer settings of single networks or parts: `{classes: {lr: 0.5}}`; `freeze: 1ep` lets one wait before it "
        "learns, `freeze: 100%` fixes its weights while its statistics move",
    ),
    StageSetting(
        "forward",
        choice("concat", "separate"),
        "concat",
        "`concat` or `separate`: whether a network that couples rows sees several batches as one",
        "must be given where it matters (D411), else `concat`",
        level="shared",
        change="coupled",
    ),
    StageSetting(
        "average",
        read_average,
        "none",
        "an average of the weights that are trained: `polyak(half_life=1ep)`, "
        "`swa(start=75%, every=1ep, statistics=1ep)`",
        level="shared",
    ),
    StageSetting(
        "keep",
        read_keep,
        "none",
        "which checkpoint later stages and `export` take, instead of the last: `best(top1)`, `lowest(val_loss)`, "
        "`lowest(loss)`",
    ),
    StageSetting(
        "clip",
        read_clip,
        "none",
        "the largest norm of the gradient; `per_tensor(3.0)`: of that of each tensor",
        level="shared",
    ),
    StageSetting(
        "turns",
        read_turns,
        "none",
        "how long each `update` has to itself, one after another, instead of all in every step: `1ep`",
    ),
    StageSetting("accumulate", read_accumulate, "1", "into how many parts a batch is split", change="coupled"),
    StageSetting(
        "evaluate",
        read_duration,
        "1ep",
        "how often the evaluations are made, besides at the end",
        level="shared",
        change="execution",
    ),
    StageSetting(
        "precision",
        choice("fp32", "fp64", "bf16", "fp16"),
        "fp32",
        "`fp32`, `fp64`, `bf16` or `fp16`",
        level="shared",
        change="execution",
    ),
    StageSetting(
        "compile",
        read_flag,
        "false",
        "whether the step goes through `torch.compile`",
        level="shared",
        change="execution",
    ),
    StageSetting(
        "statistics",
        choice("global", "local"),
        "global",
        "batch normalization over `global` or `local` (per process) batches",
        level="shared",
        change="coupled",
    ),
    StageSetting("seed", read_seed, "0", "of the whole experiment", level="spec"),
)
OF_A_STAGE = tuple(row.name for row in SETTINGS if row.level != "spec")
ABOVE_STAGES = tuple(row.name for row in SETTINGS if row.level != "stage")
MEANT = tuple(row.name for row in SETTINGS if row.level == "shared" and row.change == "semantic")
DEFAULTS = {row.name: row.default for row in SETTINGS}  # every setting there is
