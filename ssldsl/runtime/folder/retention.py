"""What of the checkpoints of a run stays on the disk: the newest whole, of stages that ended what others may ask for.

An end of a stage is never written again. What goes leaves the manifest first, which stands in one step, and then the
folder: whatever is killed between the two, the checkpoint is complete, and the next tidying takes the rest.
"""

import json
import shutil
from collections.abc import Collection, Iterable, Sequence

from ssldsl.errors import SpecError
from ssldsl.runtime.folder.checkpoint import (
    MANIFEST,
    OUTCOME,
    TENSORS,
    Checkpoint,
    facts_of,
    is_concluded,
    read_manifest,
    write_whole,
)
from ssldsl.runtime.folder.stage_end import RESULTS, result_parts


def remove_old(checkpoints: Sequence[Checkpoint], keep: int) -> list[Checkpoint]:
    """Keep the newest `keep` checkpoints and those at the end of a stage; gives what is left."""
    old = [checkpoint for checkpoint in checkpoints[:-keep] if not checkpoint.is_end]
    for checkpoint in old:
        _remove(checkpoint)
    return [checkpoint for checkpoint in checkpoints if checkpoint not in old]


def drop_state_of_ended(checkpoints: Iterable[Checkpoint]) -> None:
    """Of stages that are trained, measured and drawn, keep results alone."""
    for checkpoint in checkpoints:
        if checkpoint.is_end and _holds_state(checkpoint) and _is_over(checkpoint):
            _keep_parts(checkpoint, result_parts(checkpoint))


def keep_last_weights(checkpoints: Sequence[Checkpoint]) -> None:
    """Of a run that was a trial, keep the weights of its last stage, and of the other stages that they ended."""
    *earlier, last = checkpoints
    for checkpoint in earlier:
        if checkpoint.is_end:
            _keep_parts(checkpoint, ())
        else:
            _remove(checkpoint)
    _keep_parts(last, result_parts(last))


def _holds_state(checkpoint: Checkpoint) -> bool:
    """Whether a checkpoint holds what only training needs."""
    return any(file.stem not in RESULTS for file in checkpoint.folder.glob(f"*{TENSORS}"))


def _is_over(checkpoint: Checkpoint) -> bool:
    """Whether nothing of a stage is left to do; of an end that cannot be read, something may be."""
    try:
        return is_concluded(checkpoint)
    except SpecError:
        return False


def _keep_parts(checkpoint: Checkpoint, parts: Collection[str]) -> None:
    """Take every other part out of a checkpoint. What came of it is final, and belongs to it from now on."""
    manifest = read_manifest(checkpoint)
    kept = {part + TENSORS for part in parts}
    files = {name: facts for name, facts in manifest["files"].items() if name in kept or not name.endswith(TENSORS)}
    if files != manifest["files"]:
        files |= facts_of(checkpoint.folder, OUTCOME)
        write_whole(checkpoint.folder / MANIFEST, json.dumps({**manifest, "files": files}, indent=1).encode())
    for file in checkpoint.folder.glob(f"*{TENSORS}"):
        if file.name not in files:
            file.unlink()


def _remove(checkpoint: Checkpoint) -> None:
    doomed = checkpoint.folder.with_name(f".{checkpoint.folder.name}")
    checkpoint.folder.rename(doomed)  # it vanishes in one step, whatever happens next
    shutil.rmtree(doomed)
