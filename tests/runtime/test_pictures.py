"""Pictures at the end of a stage: drawn once, with the weights that evaluation uses, and kept out of the records."""

import csv
import json
from pathlib import Path

import pytest
import torch
from click.testing import CliRunner, Result
from fake_umap import Plain, install
from small_specs import classifier

from ssldsl import cli
from ssldsl.errors import SpecError
from ssldsl.runtime.folder.checkpoint import latest, read_part
from ssldsl.runtime.folder.stage_end import final_weights

SPEC = (
    classifier('width=4, norm="batch"', samples=50)
    + """\
optimizer = adam(lr=0.01)
average   = polyak(half_life=2it)
batch     = 10
run       = 6it
evaluate  = 2it
eval umap_plot(images.test, prototypes=classes)
eval top1(images.test)
"""
)


@pytest.fixture(autouse=True)
def plain(monkeypatch: pytest.MonkeyPatch) -> type[Plain]:
    return install(monkeypatch)


def run(folder: Path, *arguments: str) -> Result:
    (folder / "drawn.ssl").write_text(SPEC, "utf-8")
    command = ["run", str(folder / "drawn.ssl"), "-o", str(folder / "runs"), "--no-progress", *arguments]
    return CliRunner().invoke(cli.commands, command, standalone_mode=False)


def points(folder: Path) -> list[list[float]]:
    with (folder / "runs" / "drawn-s0-1" / "pictures" / "main-umap_plot.csv").open(newline="") as file:
        rows = list(csv.reader(file))
    assert rows[0] == ["x", "y", "class", "mark"]
    return [[float(cell) for cell in row] for row in rows[1:]]


def test_a_stage_ends_with_the_picture_of_all_samples_and_the_prototypes_of_its_averaged_head(
    tmp_path: Path, plain: type[Plain]
) -> None:
    assert run(tmp_path).return_value == 0
    found = points(tmp_path)
    assert [row[3] for row in found] == [0] * 360 + [1] * 10
    head = final_weights(tmp_path / "runs" / "drawn-s0-1", "main", average=True)["classes.map.weight"]
    torch.testing.assert_close(torch.from_numpy(plain.rows[360:]), head, atol=1e-6, rtol=1e-5)
    assert torch.tensor(found)[360:, :2].allclose(head[:, :2], atol=1e-4)
    assert [row[2] for row in found[360:]] == list(range(10))


def test_a_picture_is_drawn_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = []
    monkeypatch.setattr(Plain, "fit_transform", lambda self, rows: drawn.append(len(rows)) or rows[:, :2])
    run(tmp_path)
    assert drawn == [370]


def test_records_summary_and_comparison_hold_no_picture(tmp_path: Path) -> None:
    run(tmp_path)
    folder = tmp_path / "runs" / "drawn-s0-1"
    lines = [json.loads(line) for line in (folder / "metrics.jsonl").read_text("utf-8").splitlines()]
    assert [list(line["eval"]) for line in lines if "eval" in line] == [["top1"]] * 3
    assert "umap_plot" not in (folder / "metrics.csv").read_text("utf-8")
    assert list(json.loads((folder / "summary.json").read_bytes())["stages"]["main"]) == ["top1"]
    table = CliRunner().invoke(cli.commands, ["compare", str(folder), "--format", "csv"]).stdout
    assert "top1" in table and "umap_plot" not in table


def test_the_report_shows_it(tmp_path: Path) -> None:
    run(tmp_path)
    page = (tmp_path / "runs" / "drawn-s0-1" / "report.html").read_text("utf-8")
    assert "360 samples of 10 classes, 10 prototypes as crosses" in page
    assert 'href="pictures/main-umap_plot.csv"' in page


def test_a_smoke_run_draws_nothing_and_needs_nothing_to_draw_with(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ssldsl.runtime.packages.find_spec", lambda name: None)
    assert run(tmp_path, "--smoke").return_value == 0
    assert not list((tmp_path / "runs").glob("*/pictures"))


def test_a_missing_package_is_said_before_the_first_step(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ssldsl.runtime.packages.find_spec", lambda name: None)
    error = run(tmp_path).exception
    assert isinstance(error, SpecError)
    text = str(error)
    assert text.startswith("error[R430]: `umap` needs the package `umap`, which is not installed")
    assert 'pip install "ssldsl[umap]"' in text and "drawn.ssl:12" in text
    assert not list((tmp_path / "runs").iterdir())


def test_a_picture_of_a_composition_of_networks_is_drawn(tmp_path: Path) -> None:
    spec = """\
ssl 1
data   moons   = two_moons(n=40, test=10)
stream labeled = moons.train.subset(per_class=3, seed=0)
net    encoder = mlp(width=4, depth=1)
head   classes = linear(encoder.dim, moons.classes)
loss  = ce(labeled)
batch = 6
run   = 2it
eval decision_map(labeled, labeled.label, encoder >> classes, moons.train, cells=10)
"""
    (tmp_path / "moons.ssl").write_text(spec, "utf-8")
    command = ["run", str(tmp_path / "moons.ssl"), "-o", str(tmp_path / "runs"), "--no-progress"]
    assert CliRunner().invoke(cli.commands, command, standalone_mode=False).return_value == 0
    folder = tmp_path / "runs" / "moons-s0-1"
    with (folder / "pictures" / "main-decision_map.csv").open(newline="") as file:
        kinds = [(row["mark"], row["class"] == "-1") for row in csv.DictReader(file)]
    assert [kinds.count(kind) for kind in (("0", False), ("1", False), ("1", True))] == [100, 6, 40]
    assert "6 samples as crosses, 40 others as dots" in (folder / "report.html").read_text("utf-8")


def test_the_centroids_of_a_memory_are_marked_as_the_steps_left_them(tmp_path: Path, plain: type[Plain]) -> None:
    spec = """\
ssl 1
data   images  = digits()
stream labeled = images.train.subset(50, seed=0)
net    encoder = convnet(width=4)
head   classes = linear(encoder.dim, images.classes)
let    mu      = class_centroids(rest(encoder)(labeled), labeled.label, classes=images.classes)
loss  = ce(labeled) + supercm(labeled | random_shift(labeled), mu)
batch = 10
run   = 6it
eval umap_plot(images.test, centroids=mu)
"""
    (tmp_path / "marks.ssl").write_text(spec, "utf-8")
    command = ["run", str(tmp_path / "marks.ssl"), "-o", str(tmp_path / "runs"), "--no-progress"]
    assert CliRunner().invoke(cli.commands, command, standalone_mode=False).return_value == 0
    last = latest(tmp_path / "runs" / "marks-s0-1" / "checkpoints")
    assert last is not None
    centroids = read_part(last, "memory")["mu/class_centroids.value"]
    assert torch.equal(torch.from_numpy(plain.rows[360:]), centroids)
