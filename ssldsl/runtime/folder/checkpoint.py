"""Checkpoints: one folder per moment of a run, either complete or not there at all.

A checkpoint is written under a name that begins with a dot, forced to the disk, and renamed. Its manifest is its last
file and holds size and digest of every other, so whatever a kill leaves behind is recognized and passed over.
The end of a stage is written before it is measured and drawn; what came of that lies beside it, in a file of its own.
"""

import hashlib
import json
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from attrs import frozen
from safetensors.torch import load, save
from torch import Tensor

from ssldsl.errors import Diagnostic, SpecError
from ssldsl.runtime.folder.run_folder import read_object

MANIFEST = "manifest.json"
STATE = "state.json"
OUTCOME = "outcome.json"
TENSORS = ".safetensors"
FORM = 1

Tensors = dict[str, dict[str, Tensor]]  # name of a part ("weights", "optimizer", ...) -> its tensors by name


@frozen
class Checkpoint:
    """A complete checkpoint. `serial` orders those of a run: number of the stage, then of its finished steps."""

    folder: Path
    stage: str
    step: int
    is_end: bool
    serial: tuple[int, int]


def checkpoint_name(number: int, stage: str, step: int) -> str:
    """Name of the checkpoint after `step` steps of the `number`-th stage."""
    return f"{number:02d}-{stage}-{step:08d}"


def write_checkpoint(
    folder: Path, *, number: int, stage: str, step: int, is_end: bool, tensors: Tensors, state: Mapping[str, Any]
) -> Path:
    """Write a checkpoint into `folder`; one of the same moment that is already complete stays as it is."""
    target = folder / checkpoint_name(number, stage, step)
    if _manifest(target) is not None:
        return target
    folder.mkdir(exist_ok=True)
    _remove_leftovers(folder)
    writing = folder / f".{target.name}"
    contents = {f"{part}{TENSORS}": save(_portable(values)) for part, values in tensors.items()}
    contents[STATE] = json.dumps(state, indent=1, allow_nan=False).encode()
    files = {name: {"size": len(content), "sha256": _digest(content)} for name, content in contents.items()}
    manifest = {"form": FORM, "stage": stage, "step": step, "is_end": is_end, "serial": [number, step], "files": files}
    contents[MANIFEST] = json.dumps(manifest, indent=1).encode()
    writing.mkdir()
    with removed_if_unfinished(writing):
        for name, content in contents.items():
            write_file(writing / name, content)
        sync_folder(writing)
    if target.exists():  # incomplete: somebody took files out of it
        shutil.rmtree(target)
    writing.rename(target)
    sync_folder(folder)
    return target


def complete_checkpoints(folder: Path) -> list[Checkpoint]:
    """The complete checkpoints in a folder, oldest first."""
    found = []
    for path in sorted(folder.glob("[!.]*")) if folder.is_dir() else []:
        manifest = _manifest(path)
        if manifest is not None:
            number, step = manifest["serial"]
            found.append(Checkpoint(path, manifest["stage"], step, manifest["is_end"], (number, step)))
    return sorted(found, key=lambda checkpoint: checkpoint.serial)


def latest(folder: Path) -> Checkpoint | None:
    """The newest complete checkpoint in a folder."""
    return next(reversed(complete_checkpoints(folder)), None)


def cut_off(folder: Path, stage: str) -> Path | None:
    """The newest checkpoint of a stage of which files are missing or cut off."""
    of_stage = [path for path in folder.glob("[!.]*") if path.name.partition("-")[2].rpartition("-")[0] == stage]
    return max((path for path in of_stage if _manifest(path) is None), default=None)


def set_damaged_aside(folder: Path) -> list[str]:
    """Take the newest checkpoints out of the way until one is what was written, file by file. Says why, each a line."""
    found = []
    for path in sorted(folder.glob("[!.]*"), reverse=True):  # by name: number of the stage, then of its steps
        damage = _damage(path)
        if damage is None:
            break
        found.append(f"the checkpoint {path} is damaged: {damage}")
        path.rename(folder / f".{path.name}")  # as what a kill leaves behind: the next one that is written removes it
    return found


def _damage(folder: Path) -> str | None:
    """How a checkpoint differs from what was written; nothing where it does not."""
    manifest = _manifest(folder)
    if manifest is None:
        return "files are missing or cut off"
    if not any(name.endswith(TENSORS) for name in manifest["files"]):
        return "it holds no tensors, as the earlier stages of a smoke run that ended"
    wrong = (name for name, facts in manifest["files"].items() if _file_digest(folder / name) != facts["sha256"])
    name = next(wrong, None)
    return None if name is None else f"`{name}` is not what was written"


def read_manifest(checkpoint: Checkpoint) -> dict[str, Any]:
    """The manifest of a complete checkpoint."""
    manifest: dict[str, Any] = json.loads((checkpoint.folder / MANIFEST).read_bytes())
    return manifest


def facts_of(folder: Path, name: str) -> dict[str, dict[str, Any]]:
    """What a manifest says of a file, by its name; nothing where the file is not there."""
    path = folder / name
    return {name: {"size": path.stat().st_size, "sha256": _file_digest(path)}} if path.exists() else {}


def read_part(checkpoint: Checkpoint, part: str) -> dict[str, Tensor]:
    """The tensors of one part, checked against the manifest; nothing where the checkpoint has no such part."""
    name = f"{part}{TENSORS}"
    manifest = _manifest(checkpoint.folder)
    return load(_checked(checkpoint, name)) if manifest is not None and name in manifest["files"] else {}


def part_digest(checkpoint: Checkpoint, part: str) -> str:
    """The digest of a part, as the manifest has it; empty where the checkpoint has no such part."""
    return str(read_manifest(checkpoint)["files"].get(f"{part}{TENSORS}", {}).get("sha256", ""))


def read_state(checkpoint: Checkpoint) -> dict[str, Any]:
    """What a checkpoint holds beside tensors, and what came of it since."""
    state: dict[str, Any] = json.loads(_checked(checkpoint, STATE))
    return state | read_outcome(checkpoint.folder)


def is_measured(checkpoint: Checkpoint) -> bool:
    """Whether the metrics that were due at that moment have been computed."""
    return bool(read_state(checkpoint).get("is_measured", True))


def is_concluded(checkpoint: Checkpoint) -> bool:
    """Whether all that was to be measured and drawn at that moment has been."""
    return is_measured(checkpoint) and not read_state(checkpoint).get("undrawn")


def write_outcome(checkpoint: Path, outcome: Mapping[str, Any]) -> None:
    """Put beside a complete checkpoint what came of it: it stands for what the state says under the same names."""
    write_whole(checkpoint / OUTCOME, json.dumps(outcome, indent=1, allow_nan=False).encode())


def read_outcome(checkpoint: Path) -> dict[str, Any]:
    """What came of a checkpoint; empty where that has not been seen to the end."""
    return read_object(checkpoint / OUTCOME)


def write_file(path: Path, content: bytes) -> None:
    """Write a file and force it to the disk."""
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def write_whole(path: Path, content: bytes) -> None:
    """Put a file in place whole: a reader sees the old content or the new one."""
    writing = path.with_name(f".{path.name}")
    with removed_if_unfinished(writing):
        write_file(writing, content)
    writing.rename(path)
    sync_folder(path.parent)


@contextmanager
def removed_if_unfinished(path: Path) -> Iterator[None]:
    """Inside, a file or folder is written that is removed if that fails: a full disk has use for the room."""
    try:
        yield
    except OSError:
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)
        raise


def sync_folder(folder: Path) -> None:
    """Force the names in a folder to the disk, where the system can."""
    if os.name != "posix":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _remove_leftovers(folder: Path) -> None:
    """Remove what a kill left behind."""
    for path in folder.glob(".*"):
        shutil.rmtree(path)


def _portable(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Copies in main memory that share no storage, as safetensors wants them."""
    return {name: tensor.detach().to("cpu", copy=True).contiguous() for name, tensor in tensors.items()}


def _file_digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _manifest(folder: Path) -> dict[str, Any] | None:
    """The manifest of a complete checkpoint: there, readable, and every file has its size."""
    try:
        manifest: dict[str, Any] = json.loads((folder / MANIFEST).read_bytes())
        whole = all((folder / name).stat().st_size == facts["size"] for name, facts in manifest["files"].items())
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return manifest if whole and manifest.get("form") == FORM else None


def _checked(checkpoint: Checkpoint, name: str) -> bytes:
    """The content of a file, if it is the one that was written."""
    manifest = _manifest(checkpoint.folder)
    content = (checkpoint.folder / name).read_bytes() if manifest is not None else b""
    if manifest is None or _digest(content) != manifest["files"][name]["sha256"]:
        raise SpecError(
            Diagnostic(
                "R408",
                f"the checkpoint {checkpoint.folder} is damaged: `{name}` is not what was written",
                help="`ssldsl resume` goes on from the newest checkpoint that is whole",
            )
        )
    return content
