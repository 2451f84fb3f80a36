"""What a run depends on, in `lock.json`: written when it begins, compared and carried on when it is continued."""

import platform
import subprocess
from collections.abc import Callable, Iterable, Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch

from ssldsl import __version__
from ssldsl.errors import Diagnostic, SpecError
from ssldsl.graph.plan import Plan, StagePlan
from ssldsl.ir.walk import walk
from ssldsl.runtime.folder.records import write_json
from ssldsl.runtime.folder.run_folder import LOCK, read_lock, read_plan

Difference = Callable[[str], Sequence[str]]  # identity of the experiment in the folder -> what differs from it


def make_lock(
    plan: Plan, identity: str, data: Mapping[str, Mapping[str, str]], weights: Mapping[str, str]
) -> dict[str, Any]:
    """What the run depends on: versions, digests of ops, data and weights, the repository that it runs in."""
    packages = ("torchvision", "accelerate", "numpy", "safetensors")
    return {
        "identity": identity,
        "seed": plan.seed,
        "versions": {
            "ssldsl": __version__,
            "python": platform.python_version(),
            "torch": torch.__version__,
            **{name: version(name) for name in packages},
        },
        "device": torch.cuda.get_device_name() if torch.cuda.is_available() else platform.machine(),
        "ops": dict(plan.ops),
        "data": {stage: dict(digests) for stage, digests in data.items()},
        "weights": dict(weights),
        "git": git_state(),
    }


def git_state() -> dict[str, Any] | None:
    """Commit of the working directory and whether it has changes, or nothing outside a repository."""
    try:
        commit = _git("rev-parse", "HEAD")
        return {"commit": commit, "has_changes": bool(_git("status", "--porcelain"))}
    except (OSError, subprocess.SubprocessError):
        return None


def _git(*arguments: str) -> str:
    done = subprocess.run(["git", *arguments], capture_output=True, text=True, check=True, timeout=10)
    return done.stdout.strip()


def check_same(folder: Path, plan: Plan, lock: Mapping[str, Any], difference: Difference | None) -> None:
    """Refuse to continue a run of another experiment, with other ops, trained on other data, or of another ssldsl."""
    before = read_lock(folder)
    read_plan(folder)
    found: list[str] = []
    if before["identity"] != lock["identity"] or before["seed"] != lock["seed"]:
        found += difference(before["identity"]) if difference is not None else []
        found = found or ["the spec has another meaning"]
    found += _changes("the source of the op", before["ops"], lock["ops"])
    for stage in plan.stages:
        names = {stream.data: f"stream `{stream.name}`" for stream in stage.streams}
        changed = [id_ for id_ in _changed_data(before, lock, stage) if id_ not in _measured_only(stage)]
        whose = dict.fromkeys(names.get(id_, "what labels are made of") for id_ in changed)
        found += [f"the data of {name} in stage `{stage.name}` have changed" for name in whose]
    found += _changes("what the spec takes over from", before.get("weights", {}), lock["weights"])
    if found:
        raise SpecError(
            Diagnostic(
                "R410",
                f"the run in {folder} cannot be continued: it is not the same experiment any more",
                hints=tuple(found),
                help="start a new run, or restore what has changed",
            )
        )


def continue_lock(folder: Path, plan: Plan, lock: Mapping[str, Any], moment: Mapping[str, Any]) -> list[str]:
    """Write into the lock of a run what changes at a moment of it: versions, and the data of evaluations.

    Gives a sentence for each. Neither stands in the way: another version trains on, and measures what it is given.
    """
    before = read_lock(folder)
    parts = before.get("continued", [])
    versions = {**before["versions"], **(parts[-1]["versions"] if parts else {})}
    others = [name for name in sorted(versions) if lock["versions"].get(name, versions[name]) != versions[name]]
    notes = [f"`{name}` was {versions[name]} and is {lock['versions'][name]} from here on" for name in others]
    if others:
        notes.append("under other versions the run need not be, bit for bit, what it would have been under one")
    for stage in plan.stages:
        changed = {id_ for id_ in _changed_data(before, lock, stage) if id_ in _measured_only(stage)}
        names = ", ".join(f"`{e.name}`" for e in stage.evaluations if changed & _needed(stage, [e.node]))
        if changed:
            notes.append(f"the data of {names} in stage `{stage.name}` have changed: earlier values are of other data")
    if notes:
        part = {**moment, **{name: lock[name] for name in ("versions", "device", "git")}, "notes": notes}
        write_json(folder / LOCK, {**before, "data": lock["data"], "continued": [*parts, part]})
    return notes


def _changed_data(before: Mapping[str, Any], lock: Mapping[str, Any], stage: StagePlan) -> list[str]:
    """The data nodes of a stage whose samples are not what they were."""
    return _changed(before["data"].get(stage.name, {}), lock["data"][stage.name])


def _measured_only(stage: StagePlan) -> set[str]:
    """The nodes that evaluations read and training does not."""
    in_step = [part.node for part in stage.recorded]
    trained = _needed(stage, [*(stream.data for stream in stage.streams), *in_step])
    return _needed(stage, [e.node for e in stage.evaluations]) - trained


def _needed(stage: StagePlan, roots: Iterable[str]) -> set[str]:
    """The nodes that others are made of, and these."""
    inputs = {node.id: node.inputs for node in stage.nodes}
    return set(walk(roots, lambda id_: inputs.get(id_, ())))


def _changes(what: str, before: Mapping[str, str], now: Mapping[str, str]) -> list[str]:
    return [f"{what} `{name}` has changed" for name in _changed(before, now)]


def _changed(before: Mapping[str, str], now: Mapping[str, str]) -> list[str]:
    return [name for name in sorted(before.keys() | now.keys()) if before.get(name) != now.get(name)]
