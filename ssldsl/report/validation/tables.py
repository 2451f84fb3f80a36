"""What `validation` found, as text and as JSON."""

import json
from collections.abc import Sequence
from typing import Any

from attrs import frozen

from ssldsl.report.validation.analysis import Mean, SubsetSize, Validation

NOTHING = "–"
HEADS = ("samples", "Pearson", "Spearman", "regret", "best found", "s.d. drawn", "binomial")
NOTE = (
    "over runs, mean ± s.d. over draws; regret and s.d. in percentage points\n"
    "s.d. drawn: of the accuracy of one run over draws, mean over runs; binomial: of as many independent samples"
)


@frozen
class ValidatedRuns:
    """What was validated. `runs`: folders, in the order of the accuracies."""

    metric: str
    runs: tuple[str, ...]


def as_text(found: Validation, names: ValidatedRuns) -> str:
    """A table with one line a size."""
    rows = [HEADS, *(cells(size, found) for size in found.sizes)]
    widths = [max(len(row[i]) for row in rows) for i in range(len(HEADS))]
    lines = ["  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    return "\n".join([headline(found, names), "", *lines, "", NOTE]) + "\n"


def headline(found: Validation, names: ValidatedRuns) -> str:
    """What was compared with what."""
    draws = f"{found.draws} draw{'s' * (found.draws != 1)} of every size, seed {found.seed}"
    return f"{names.metric} of {len(names.runs)} runs, {found.samples} samples of {found.classes} classes, {draws}"


def cells(size: SubsetSize, found: Validation) -> tuple[str, ...]:
    """The cells of a size, as `HEADS` has them."""
    return (
        "all" if size.samples == found.samples else str(size.samples),
        with_sd(size.pearson, 1, 3),
        with_sd(size.spearman, 1, 3),
        with_sd(size.regret, 100, 2),
        f"{100 * size.found:.0f} %",
        NOTHING if size.drawn is None else f"{100 * size.drawn:.2f}",
        f"{100 * size.binomial:.2f}",
    )


def with_sd(value: Mean, factor: float, places: int) -> str:
    """`0.912 ± 0.031`, or a dash where nothing determines it."""
    if value.mean is None:
        return NOTHING
    parts = [value.mean, *([value.sd] if value.sd is not None else [])]
    return " ± ".join(f"{factor * part:.{places}f}" for part in parts).replace("-", "−")


def as_json(found: Validation, names: ValidatedRuns) -> str:
    """Everything, with the accuracies of every draw."""
    value = {
        "metric": names.metric,
        "samples": found.samples,
        "classes": found.classes,
        "draws": found.draws,
        "seed": found.seed,
        "runs": [
            {"folder": folder, "accuracy": float(accuracy)}
            for folder, accuracy in zip(names.runs, found.accuracies, strict=True)
        ],
        "sizes": [_size(size) for size in found.sizes],
    }
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"


def _size(size: SubsetSize) -> dict[str, Any]:
    means = {"pearson": size.pearson, "spearman": size.spearman, "regret": size.regret}
    return {
        "samples": size.samples,
        **{name: {"mean": value.mean, "sd": value.sd} for name, value in means.items()},
        "best_found": size.found,
        "sd_drawn": size.drawn,
        "sd_binomial": size.binomial,
        "accuracies": size.subsets.tolist(),
    }


def chosen_shares(size: SubsetSize) -> Sequence[float]:
    """How often each run is the best on a subset; of equal ones each as if chosen by lot."""
    best = size.subsets == size.subsets.max(axis=1, keepdims=True)
    shares: list[float] = (best / best.sum(axis=1, keepdims=True)).mean(axis=0).tolist()
    return shares
