"""A comparison of runs, written as a table or as a page."""

from pathlib import Path

from ssldsl.report.compare.comparison import compare
from ssldsl.report.compare.page import comparison_page
from ssldsl.report.compare.tables import write_table
from ssldsl.report.folder import read_runs


def compare_runs(runs: list[Path], metrics: list[str], style: str, out: str | None = None) -> str:
    """The comparison as text of a style: `text`, `markdown`, `json`, `csv`; a page if `out` ends with `.html`.

    runs: run folders, or folders that hold some. metrics: names of those to show, all if there are none.
    """
    found = compare(read_runs(runs), metrics)
    if out is not None and Path(out).suffix == ".html":
        return comparison_page(found, Path(out))
    return write_table(found, style)
