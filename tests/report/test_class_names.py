"""What the classes are called, from the data to the page of a run."""

import json
import re
from pathlib import Path

import pytest
from own_images import SPEC, make_images

import ssldsl
from ssldsl.ops.data import class_names_of
from ssldsl.ops.joining import join
from ssldsl.ops.samples import MemorySamples, with_fields
from ssldsl.report.run.confusion import heat_map, shortened
from ssldsl.report.run.latent import read_latent
from ssldsl.runtime.folder.run_folder import CLASSES


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> ssldsl.Run:
    folder = tmp_path_factory.mktemp("own")
    make_images(folder / "pictures")
    (folder / "own.ssl").write_text(SPEC, encoding="utf-8")
    return ssldsl.load(folder / "own.ssl", set={"run": "2it"}).run(folder / "runs", progress=False)


def test_a_run_keeps_the_names_that_its_data_give_the_classes(run: ssldsl.Run) -> None:
    names = json.loads((run.folder / CLASSES).read_text(encoding="utf-8"))["main"]
    assert list(names.values()) == [["<night>", "day & noon"]] * len(names)


def test_the_page_calls_classes_by_their_names(run: ssldsl.Run) -> None:
    page = run.report.read_text(encoding="utf-8")
    assert re.search(r"<text[^>]*>&lt;night&gt;</text>", page)  # beside the matrix, escaped
    wrong = run.results["main"]["confusion_matrix"]
    if wrong[0][1] or wrong[1][0]:
        assert re.search(r"<td>(&lt;night&gt;|day &amp; noon)</td>", page)


def test_names_of_a_matrix_stand_upright_where_cells_are_narrow() -> None:
    narrow = heat_map([[1.0, 0.0], [0.0, 1.0]], ("a long name", "another long name"))
    assert narrow is not None and narrow.count("rotate(-90") == 3  # two names, and "true class"
    short = heat_map([[1.0, 0.0], [0.0, 1.0]], ("cat", "dog"))
    assert short is not None and short.count("rotate(-90") == 1


def test_a_very_long_name_is_cut() -> None:
    assert shortened("cat") == "cat"
    assert shortened("n01440764 tench, Tinca tinca, a fish of fresh water").endswith("…")


def test_classes_of_a_picture_have_their_names(tmp_path: Path) -> None:
    path = tmp_path / "points.csv"
    path.write_text("x,y,class,mark\n0,0,1,0\n1,1,0,0\n", encoding="utf-8")
    found = read_latent("latent", path, ("a & b", "c"))
    assert found is not None
    assert found.classes == (("a & b", "p0"), ("c", "p1"))
    assert "<title>a &amp; b</title>" in found.drawing


def test_names_outlive_what_is_done_to_data() -> None:
    import torch

    pets = MemorySamples.of("", ("cat", "dog"), image=torch.zeros(4, 1, 2, 2), label=torch.tensor([0, 1, 0, 1]))
    cars = MemorySamples.of("", ("car", "bus"), image=torch.zeros(2, 1, 2, 2), label=torch.tensor([0, 1]))
    rows = torch.tensor([1, 2])
    assert class_names_of(with_fields(pets.take(rows), weight=torch.ones(2))) == ("cat", "dog")
    assert class_names_of(join([pets, pets.take(rows)])) == ("cat", "dog")
    assert class_names_of(join([pets, cars])) == ()
