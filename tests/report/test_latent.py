"""The picture of a latent space in a page: every point where it belongs, in the color of its class."""

import re
from pathlib import Path

from ssldsl.report.run.latent import EDGE, SIDE, Legend, Point, latent, read_latent


def write(folder: Path, *rows: str) -> Path:
    path = folder / "main-latent.csv"
    path.write_text("\n".join(["x,y,class,mark", *rows]) + "\n", "utf-8")
    return path


def places(drawing: str, kind: str) -> list[tuple[float, float]]:
    (path,) = re.findall(rf'<path d="([^"]*)" class="{kind}"', drawing)
    return [(float(x), float(y)) for x, y in re.findall(r"M([\d.]+) ([\d.]+)", path)]


def test_points_fill_the_sheet_with_one_scale_and_upwards_is_up() -> None:
    points = [Point(0, 0, 3, False), Point(10, 5, 3, False), Point(5, 2.5, 3, False)]
    found = places(latent(points, Legend({3: "p0"})), "points p0")
    width = SIDE - 2 * EDGE
    assert found == [(EDGE, SIDE / 2 + width / 4), (SIDE - EDGE, SIDE / 2 - width / 4), (SIDE / 2, SIDE / 2)]


def test_classes_have_a_path_each_and_prototypes_crosses(tmp_path: Path) -> None:
    found = read_latent("latent", write(tmp_path, "0,0,7,0", "1,1,7,0", "2,0,9,0", "0.5,0.5,7,1", "1,0,-1,1"))
    assert found is not None
    assert found.classes == (("class 7", "p0"), ("class 9", "p1"))
    assert len(places(found.drawing, "points p0")) == 2 and len(places(found.drawing, "points p1")) == 1
    assert len(places(found.drawing, "proto p0")) == 1 and len(places(found.drawing, "proto ink")) == 1
    assert found.note.startswith("3 samples of 2 classes, 2 prototypes as crosses")


def test_one_place_is_drawn_in_the_middle() -> None:
    assert places(latent([Point(2, 3, 0, False)], Legend({0: "p0"})), "points p0") == [(SIDE / 2, SIDE / 2)]


def test_a_file_that_is_missing_empty_or_damaged_gives_no_picture(tmp_path: Path) -> None:
    assert read_latent("latent", tmp_path / "none.csv") is None
    assert read_latent("latent", write(tmp_path)) is None
    assert read_latent("latent", write(tmp_path, "0,zero,7,0")) is None
    assert read_latent("latent", write(tmp_path, "0,1")) is None
