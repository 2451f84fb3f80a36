"""Runs of the same experiment, gathered: what they share is everything but the seed."""

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from attrs import evolve, frozen

from ssldsl.report.folder import RunFolder

SHOWN = 2  # differences that a name mentions


@frozen
class Group:
    """One experiment and its runs. `runs`: one finished run a seed. `left_out`: runs that do not count, and why."""

    label: str
    runs: tuple[RunFolder, ...]
    left_out: tuple[tuple[RunFolder, str], ...] = ()

    @property
    def seeds(self) -> tuple[int, ...]:
        return tuple(run.plan.seed for run in self.runs)

    @property
    def first(self) -> RunFolder:
        return self.runs[0] if self.runs else self.left_out[0][0]


def gather(runs: Sequence[RunFolder]) -> list[Group]:
    """The experiments among some runs, in the order in which they first come."""
    together: dict[str, list[RunFolder]] = {}
    for run in runs:
        together.setdefault(json.dumps(_meaning(run), sort_keys=True), []).append(run)
    return _disambiguated([_group(found) for found in together.values()])


def _group(runs: list[RunFolder]) -> Group:
    """Of several finished runs with the same seed the last one counts: the others are no further evidence."""
    counted: dict[int, RunFolder] = {run.plan.seed: run for run in runs if run.is_finished}
    left_out = []
    for run in runs:
        if not run.is_finished:
            left_out.append((run, _state(run)))
        elif counted[run.plan.seed] is not run:
            left_out.append((run, f"seed {run.plan.seed} again; {counted[run.plan.seed].path} counts"))
    label = ", ".join([runs[0].plan.name, *runs[0].edits])
    return Group(label, tuple(counted[seed] for seed in sorted(counted)), tuple(left_out))


def _state(run: RunFolder) -> str:
    """How far a run is that has not finished."""
    stages = run.plan.stages
    begun = [stage for stage in stages if run.steps_done(stage.name)]
    how = {"open": "not ended"}.get(run.status, run.status)
    if not begun:
        return f"{how} before its first line"
    stage = begun[-1]
    where = f" of {stage.name}" if len(stages) > 1 else ""
    return f"{how} at step {run.steps_done(stage.name)} of {stage.steps}{where}"


# --- the same but for the seed ----------------------------------------------------------------------------------------


def _meaning(run: RunFolder) -> dict[str, Any]:
    """What two runs share if they are of one experiment: plan and data, but neither seed nor places in the text."""
    plan = run.plan.model_dump(mode="json", exclude={"seed", "edits"})
    return {"plan": _without_places(plan), "data": run.lock.get("data", {})}


def _without_places(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: _without_places(v) for k, v in value.items() if k not in ("place", "places", "notes")}
    return [_without_places(v) for v in value] if isinstance(value, list) else value


# --- names ------------------------------------------------------------------------------------------------------------


def _disambiguated(groups: list[Group]) -> list[Group]:
    """The groups, those of equal name with what sets them apart from the first of that name."""
    counts = Counter(group.label for group in groups)
    firsts: dict[str, Group] = {}
    found = []
    for group in groups:
        first = firsts.setdefault(group.label, group)
        if counts[group.label] > 1 and first is not group:
            group = evolve(group, label=f"{group.label} [{_difference(first.first, group.first)}]")
        found.append(group)
    again = Counter(group.label for group in found)
    return [evolve(g, label=f"{g.label} ({i})") if again[g.label] > 1 else g for i, g in enumerate(found, start=1)]


def _difference(first: RunFolder, other: RunFolder) -> str:
    """What differs between two runs, in a few words."""
    if first.plan.ops != other.plan.ops:
        changed = sorted(
            op for op in first.plan.ops.keys() & other.plan.ops.keys() if first.plan.ops[op] != other.plan.ops[op]
        )
        if changed:
            return f"other source of {', '.join(changed[:SHOWN])}"
    before, after = dict(_leaves(_meaning(first))), dict(_leaves(_meaning(other)))
    keys = [key for key in after if before.get(key) != after[key]]
    if any(key.startswith("data.") for key in keys):
        return "other data"
    told = [f"{key.removeprefix('plan.stages.').removeprefix('plan.')}={after[key]}" for key in keys]
    return ", ".join(told) if 0 < len(told) <= SHOWN else "another plan"


def _leaves(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Every value of nested data under its path; the parts of a list go by their name, where they have one."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _leaves(inner, f"{path}.{key}" if path else str(key))
    elif isinstance(value, list):
        for i, inner in enumerate(value):
            name = inner.get("name") or inner.get("path") or inner.get("id") if isinstance(inner, dict) else None
            yield from _leaves(inner, f"{path}.{name or i}")
    else:
        yield path, value
