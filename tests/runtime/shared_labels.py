"""A run with derived labels, for every process of one that several share."""

from pathlib import Path

from derived_specs import carried_out, plan_of, text


def label(folder: Path) -> None:
    carried_out(plan_of(text()), folder / "run")
