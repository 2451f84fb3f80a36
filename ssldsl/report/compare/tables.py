"""A comparison as text, Markdown, JSON or CSV."""

import csv
import io
import json
from collections.abc import Callable, Iterator, Mapping, Sequence

from attrs import asdict

from ssldsl.report.compare.comparison import LEVEL, Comparison, Row, numbers

HEADS = ("group", "n", "mean ± s.d.", "difference", "p")
NOTHING = "–"


def write_table(comparison: Comparison, style: str) -> str:
    """The comparison in one of the styles."""
    return WRITERS[style](comparison)


def number(value: float | None, sign: bool = False) -> str:
    """A metric: four places behind the point, or four digits where that says nothing."""
    if value is None:
        return NOTHING
    small = value != 0 and abs(value) < 5e-4
    text = f"{value:+.2e}" if small else f"{value:+.4f}"
    return (text if sign else text.removeprefix("+")).replace("-", "−")


def probability(p: float | None) -> str:
    """A p-value with two digits, `<0.0001` below that."""
    if p is None:
        return NOTHING
    return "<0.0001" if p < 1e-4 else f"{p:.4f}" if p < 0.001 else f"{p:.3f}"


def mean_text(row: Row) -> str:
    """Mean and standard deviation."""
    return number(row.mean) if row.sd is None else f"{number(row.mean)} ± {number(row.sd)}"


def cells(row: Row) -> tuple[str, ...]:
    """The cells of a row, as `HEADS` has them."""
    p = probability(row.p) + ("*" if row.is_significant else "")
    return (row.group, str(len(row.values)), mean_text(row), number(row.difference, sign=True), p)


def notes(comparison: Comparison) -> Iterator[str]:
    """What a reader must know beside the numbers."""
    if len(comparison.groups) > 1:
        first = comparison.groups[0].label
        yield f"difference and p (Welch's t-test, two-sided) are against the first group, {first}"
    if any(row.is_significant for row in comparison.rows):
        yield f"*: p < {LEVEL}"
    if comparison.tests > 1:
        yield f"the {comparison.tests} p-values are not corrected for there being several"
    for row in comparison.rows:
        if row.paired is not None:
            each = f"{number(row.paired.difference, sign=True)} ± {number(row.paired.sd)}"
            p = f", p {probability(row.paired.p)}" if row.paired.p is not None else ""
            yield f"{row.metric} of {row.group}: the same {row.paired.n} seeds; paired, {each}{p}"
    for group in comparison.groups:
        for run, why in group.left_out:
            values = ", ".join(f"{k} {number(v)}" for k, v in numbers(run).items() if k in comparison.metrics)
            yield f"not counted: {run.path} ({why}{f'; so far {values}' if values and not run.is_finished else ''})"


# --- writers --------------------------------------------------------------------------------------------------------


def _text(comparison: Comparison) -> str:
    blocks = []
    widths = _widths([HEADS, *map(cells, comparison.rows)])
    for metric in comparison.metrics:
        lines = [metric, _aligned(HEADS, widths), *(_aligned(cells(row), widths) for row in comparison.of(metric))]
        blocks.append("\n".join(lines))
    if not comparison.metrics:
        blocks.append("no run has a metric that is a number")
    remarks = [f"- {note}" for note in notes(comparison)]
    return "\n\n".join([*blocks, *(["\n".join(remarks)] if remarks else [])]) + "\n"


def _widths(table: Sequence[Sequence[str]]) -> list[int]:
    return [max(map(len, column)) for column in zip(*table, strict=True)]


def _aligned(row: Sequence[str], widths: Sequence[int]) -> str:
    first, *others = row
    numbers = (cell.rjust(width) for cell, width in zip(others, widths[1:], strict=True))
    return "  ".join(["  " + first.ljust(widths[0]), *numbers]).rstrip()


def _markdown(comparison: Comparison) -> str:
    lines = [_piped(("metric", *HEADS)), "|---|---|--:|--:|--:|--:|"]
    lines += [_piped((row.metric, *cells(row))) for row in comparison.rows]
    return "\n".join([*lines, "", *(f"- {_escaped(note)}" for note in notes(comparison))]).rstrip() + "\n"


def _piped(row: Sequence[str]) -> str:
    return f"| {' | '.join(map(_escaped, row))} |"


def _escaped(text: str) -> str:
    for sign in ("|", "*", "_"):
        text = text.replace(sign, f"\\{sign}")
    return text


def _json(comparison: Comparison) -> str:
    groups = [
        {
            "group": group.label,
            "runs": [{"folder": str(run.path), "seed": run.plan.seed} for run in group.runs],
            "left_out": [{"folder": str(run.path), "seed": run.plan.seed, "why": why} for run, why in group.left_out],
        }
        for group in comparison.groups
    ]
    rows = [
        {
            **asdict(row),
            "n": len(row.values),
            "mean": row.mean,
            "sd": row.sd,
            "significant": None if row.p is None else row.is_significant,
        }
        for row in comparison.rows
    ]
    return json.dumps({"groups": groups, "rows": rows}, indent=2, ensure_ascii=False) + "\n"


def _csv(comparison: Comparison) -> str:
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(("metric", "group", "n", "mean", "sd", "difference", "p", "paired_p", "seeds"))
    for row in comparison.rows:
        seeds = " ".join(map(str, row.values))
        together = row.paired.p if row.paired is not None else None
        values = (row.mean, row.sd, row.difference, row.p, together)
        writer.writerow((row.metric, row.group, len(row.values), *("" if v is None else v for v in values), seeds))
    return buffer.getvalue()


WRITERS: Mapping[str, Callable[[Comparison], str]] = {
    "text": _text, "markdown": _markdown, "json": _json, "csv": _csv,
}  # fmt: skip
