"""The picture of a decision map in a page: the places of a grid as areas, samples as crosses."""

import re
from pathlib import Path

from ssldsl.report.run.decisions import read_decisions
from ssldsl.report.run.latent import EDGE, SIDE


def write(folder: Path, *rows: str) -> Path:
    path = folder / "main-map.csv"
    path.write_text("\n".join(["x,y,class,mark", *rows]) + "\n", "utf-8")
    return path


def outlines(drawing: str, color: str) -> list[list[float]]:
    """Left, top and width of every piece of a line in one color."""
    (path,) = re.findall(rf'<path d="([^"]*)" class="area {color}"', drawing)
    return [[float(x) for x in found] for found in re.findall(r"M([-\d.]+) ([-\d.]+)h([-\d.]+)v", path)]


def test_neighbors_of_one_class_are_one_piece_and_upwards_is_up(tmp_path: Path) -> None:
    grid = ["0,0,4,0", "1,0,4,0", "2,0,6,0", "0,1,6,0", "1,1,6,0", "2,1,6,0", "0,2,4,0", "1,2,4,0", "2,2,4,0"]
    found = read_decisions("map", write(tmp_path, *grid, "0.5,0.5,4,1", "1,1,-1,1"))
    assert found is not None and found.classes == (("class 4", "p0"), ("class 6", "p1"))
    cell = (SIDE - 2 * EDGE) / 2
    left, bottom = EDGE - cell / 2, SIDE - EDGE - cell / 2
    assert outlines(found.drawing, "p0") == [[left, bottom, 2 * cell], [left, EDGE - cell / 2, 3 * cell]]
    assert outlines(found.drawing, "p1") == [[left + 2 * cell, bottom, cell], [left, SIDE / 2 - cell / 2, 3 * cell]]
    assert len(re.findall('class="proto p0"', found.drawing)) == 1 and "sample of class 4" in found.drawing
    assert found.note == "the class that each place is given; 1 samples as crosses, 1 others as dots"
    assert f'd="M{SIDE / 2:g} {SIDE / 2:g}h0" class="others"' in found.drawing


def test_a_file_that_is_missing_or_damaged_gives_no_picture(tmp_path: Path) -> None:
    assert read_decisions("map", tmp_path / "none.csv") is None
    assert read_decisions("map", write(tmp_path, "0,zero,7,0")) is None
