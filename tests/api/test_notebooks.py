"""Notebooks: the one of the docs runs, drawings show themselves, errors are messages."""

from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

NOTEBOOK = Path(__file__).parents[2] / "docs" / "first_experiment.ipynb"


@pytest.fixture(scope="module")
def executed(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The notebook of the docs, run in an empty folder."""
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    folder = tmp_path_factory.mktemp("notebook")
    NotebookClient(notebook, timeout=600, resources={"metadata": {"path": str(folder)}}).execute()
    return notebook


def outputs(notebook: Any, text: str) -> list[Any]:
    """What the cell that holds a text has put out."""
    (cell,) = (c for c in notebook.cells if c.cell_type == "code" and text in c.source)
    return list(cell.outputs)


def test_a_cell_with_a_spec_is_drawn(executed: Any) -> None:
    (drawing,) = outputs(executed, "%%ssl")
    assert "<svg" in drawing.data["text/html"]
    assert drawing.data["image/svg+xml"].startswith("<svg")


def test_progress_is_one_output_that_is_written_anew(executed: Any) -> None:
    shown = [o.data["text/html"] for o in outputs(executed, "experiment.run") if o.output_type == "display_data"]
    assert len(shown) == 1
    assert "<progress" in shown[0]
    assert "top1" in shown[0]


def test_metrics_are_a_frame(executed: Any) -> None:
    (table,) = outputs(executed, "run.metrics")
    assert "loss.vat" in table.data["text/html"]


def test_a_mistake_is_shown_without_our_traceback(executed: Any) -> None:
    (error,) = outputs(executed, "nothing.ssl")
    assert error.output_type == "error"
    assert "error[R301]" in "\n".join(error.traceback)
    assert "pipeline.py" not in "\n".join(error.traceback)
