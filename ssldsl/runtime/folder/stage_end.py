"""How the stages of a run ended: the weights that each left in the run folder."""

from pathlib import Path
from typing import Any

from torch import Tensor

from ssldsl.errors import Diagnostic, SpecError, did_you_mean
from ssldsl.graph.plan import InitPlan
from ssldsl.graph.stages import in_order
from ssldsl.runtime.folder.checkpoint import (
    Checkpoint,
    complete_checkpoints,
    cut_off,
    part_digest,
    read_part,
    read_state,
)
from ssldsl.runtime.folder.run_folder import CHECKPOINTS, is_run, read_plan
from ssldsl.runtime.spans import span_of

WEIGHTS, AVERAGE, MEMORY = "weights", "average", "memory"  # parts of a checkpoint
# The same of the checkpoint that a stage keeps, where it is not the last.
BEST, BEST_AVERAGE, BEST_MEMORY = "best", "best_average", "best_memory"
RESULTS = (WEIGHTS, AVERAGE, MEMORY, BEST, BEST_AVERAGE, BEST_MEMORY)


def final_weights(folder: Path, stage: str, *, average: bool) -> dict[str, Tensor]:
    """The weights that a stage of a run ended with, or kept; its average stands in for what it averages."""
    end = _end(folder, stage)
    if end is None:
        raise SpecError(_not_ended(folder, stage))
    return _weights(end, average)


def final_ranking(folder: Path, stage: str) -> dict[str, Any]:
    """The means by which the networks of lists are ranked, of the checkpoint that counts."""
    end = _end(folder, stage)
    state = read_state(end) if end is not None else {}
    best = state.get("best") or {}
    return dict(best.get("ranked") or state["ranking"])


def final_memories(folder: Path, stage: str) -> dict[str, Tensor]:
    """What the memories held when a stage of a run ended, or where it kept its weights, named as in a checkpoint."""
    end = _end(folder, stage)
    if end is None:
        raise SpecError(_not_ended(folder, stage))
    return read_part(end, BEST_MEMORY if _keeps_earlier(end) else MEMORY)


def result_parts(end: Checkpoint) -> tuple[str, ...]:
    """The parts that later stages, `init`, `export` and `predict` read of a stage that ended."""
    return RESULTS if _keeps_earlier(end) else (WEIGHTS, AVERAGE, MEMORY)


def weights_of_run(folder: Path, init: InitPlan) -> dict[str, Tensor]:
    """What `init ... from run("...")` takes over: the weights of a stage that ended, or its average.

    folder: where relative names start. Raises R427 where the folder, the stage, its end or its average are missing.
    """
    return _weights(_named_end(folder, init), init.average)


def digest_of_run(folder: Path, init: InitPlan) -> str:
    """Digest of the weights that `weights_of_run` gives."""
    end = _named_end(folder, init)
    return " ".join(part_digest(end, part) for part in _parts(end, init.average))


def _weights(end: Checkpoint, average: bool) -> dict[str, Tensor]:
    return {name: tensor for part in _parts(end, average) for name, tensor in read_part(end, part).items()}


def _parts(end: Checkpoint, average: bool) -> tuple[str, ...]:
    """The parts that hold the weights of a stage: those of its end, or of the checkpoint before that it keeps."""
    weights, averaged = (BEST, BEST_AVERAGE) if _keeps_earlier(end) else (WEIGHTS, AVERAGE)
    return (weights, averaged) if average else (weights,)


def _keeps_earlier(end: Checkpoint) -> bool:
    """Whether what a stage keeps is not what it ended with."""
    best = read_state(end).get("best") or {}
    return best.get("value") is not None and best["step"] != end.step


def _named_end(folder: Path, init: InitPlan) -> Checkpoint:
    run = folder / init.run
    if not is_run(run):
        raise _refused(init, f"{run} is no run folder", "name the folder that `ssldsl run` printed")
    stages = in_order(read_plan(run))
    names = [stage.name for stage in stages]
    name = init.stage or names[-1]
    if name not in names:
        listed = f"its stages are: {', '.join(names)}"
        raise _refused(init, f"the run in {run} has no stage `{name}`", did_you_mean(name, names) or listed)
    end = _end(run, name)
    if end is None:
        why = _not_ended(run, name)
        raise _refused(init, why.message, why.help)
    if init.average and stages[names.index(name)].average is None:
        raise _refused(init, f"stage `{name}` of the run in {run} keeps no average", "leave out `.average`")
    return end


def _end(folder: Path, stage: str) -> Checkpoint | None:
    """The checkpoint at the end of a stage. Raises R413 where a smoke run let its weights go."""
    ends = [c for c in complete_checkpoints(folder / CHECKPOINTS) if c.stage == stage and c.is_end]
    if ends and not part_digest(ends[-1], WEIGHTS):
        message = (
            f"the run in {folder} keeps no weights of stage `{stage}`: of a smoke run those of the last stage stay"
        )
        raise SpecError(Diagnostic("R413", message, help="their numbers mean nothing: ask a run without `--smoke`"))
    return ends[-1] if ends else None


def _not_ended(folder: Path, stage: str) -> Diagnostic:
    """Why there is no end of a stage: the run has not got so far, or the checkpoint is no longer whole."""
    damaged = cut_off(folder / CHECKPOINTS, stage)
    if damaged is not None:
        message = f"the checkpoint {damaged} is damaged: files are missing or cut off"
        return Diagnostic("R408", message, help=f"`ssldsl resume {folder}` takes its steps again")
    message = f"stage `{stage}` of the run in {folder} has not ended"
    return Diagnostic("R413", message, help=f"finish it: `ssldsl resume {folder}`")


def _refused(init: InitPlan, message: str, help: str) -> SpecError:
    return SpecError(Diagnostic("R427", message, span_of(init.place), help=help))
