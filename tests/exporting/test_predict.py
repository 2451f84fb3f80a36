"""Predictions of finished runs, against metrics that the run recorded and networks applied by hand."""

import csv
import re
from pathlib import Path

import pytest
import torch
from click.testing import CliRunner, Result
from own_images import SPEC, make_images
from PIL import Image
from small_specs import classifier

import ssldsl
from ssldsl import cli

DIGITS = (
    classifier('width=4, norm="batch"')
    + """\
optimizer = sgd(lr=0.1)
average   = polyak(momentum=0.9)
batch = 20
run   = 6it
evaluate = 6it
eval knn(images.test, images.train.subset(200, seed=0), k=5)
"""
)


def predict(*arguments: object) -> Result:
    return CliRunner().invoke(cli.commands, ["predict", *map(str, arguments)], standalone_mode=False)


def read(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> ssldsl.Run:
    """A run on images of a person's own, of two sizes that its streams make one."""
    folder = tmp_path_factory.mktemp("own")
    make_images(folder / "pictures")
    (folder / "own.ssl").write_text(SPEC, encoding="utf-8")
    return ssldsl.load(folder / "own.ssl").run(folder / "runs", progress=False, report=False)


@pytest.fixture(scope="module")
def digits(tmp_path_factory: pytest.TempPathFactory) -> ssldsl.Run:
    """A run that keeps an average, and is measured by neighbors alone: no `eval` reads its classes."""
    folder = tmp_path_factory.mktemp("digits")
    return ssldsl.loads(DIGITS, "digits.ssl").run(folder, progress=False, report=False)


def test_a_table_says_what_the_run_has_measured(own: ssldsl.Run, tmp_path: Path) -> None:
    done = predict(own.folder, "images.test", "-o", tmp_path / "new" / "table.csv", "--workers", 1)
    assert done.exception is None, done.exception
    rows = read(tmp_path / "new" / "table.csv")
    assert [row["name"] for row in rows[:2]] == ["<night>/0.png", "<night>/1.png"]
    assert {row["label"] for row in rows} == {"<night>", "day & noon"}
    right = sum(row["class"] == row["label"] for row in rows) / len(rows)
    assert right == own.results["main"]["top1"]
    assert all(
        float(row["probability.<night>"]) + float(row["probability.day & noon"]) == pytest.approx(1) for row in rows
    )


def test_a_folder_is_read_whole_and_has_no_labels(own: ssldsl.Run, tmp_path: Path) -> None:
    folder = tmp_path / "new"
    folder.mkdir()
    Image.new("RGB", (40, 20), (30, 30, 30)).save(folder / "dark.png")
    Image.new("RGB", (20, 40), (200, 200, 200)).save(folder / "bright.jpg")
    found = own.predict(folder, progress=False)
    assert found.names == ("bright.jpg", "dark.png")
    assert found.labels is None
    assert set(found.classes) <= {"<night>", "day & noon"}
    assert list(found.frame.columns) == ["index", "name", "class", "probability", "embedding"]


def test_a_parquet_file_has_lists_and_the_names_of_classes(own: ssldsl.Run, tmp_path: Path) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    done = predict(own.folder, "images.train.subset(6)", "-o", tmp_path / "t.parquet", "--no-embedding")
    assert done.exception is None, done.exception
    table = parquet.read_table(tmp_path / "t.parquet")
    assert table.column_names == ["index", "name", "label", "class", "probability"]
    assert table.schema.metadata[b"class_names"] == b"<night>\nday & noon"
    found = own.predict("images.train.subset(6)", progress=False)
    assert found.probabilities is not None
    assert torch.equal(torch.tensor(table["probability"].to_pylist()), found.probabilities)


def test_an_embedding_is_what_the_classes_are_read_from(own: ssldsl.Run) -> None:
    found = own.predict("images.test", progress=False)
    head = own.module("classes")
    assert found.embeddings is not None and found.probabilities is not None
    assert torch.allclose(head(found.embeddings).softmax(dim=1), found.probabilities, atol=1e-6)


@pytest.mark.parametrize("average", [True, False])
def test_weights_are_averaged_or_as_trained(digits: ssldsl.Run, average: bool) -> None:
    data = "images.test.subset(20, seed=1)"
    found = digits.predict(data, net="encoder >> classes", average=average, progress=False)
    nets = [digits.module(name, average=average) for name in ("encoder", "classes")]
    from ssldsl.exporting.asked_data import asked_data
    from ssldsl.runtime.folder.request import Request

    images = asked_data(Request.read(digits.folder), data).read(torch.arange(20))["image"]
    assert found.embeddings is not None
    assert torch.allclose(torch.nn.Sequential(*nets)(images), found.embeddings, atol=1e-5)


def test_a_run_without_a_classifier_embeds(digits: ssldsl.Run, tmp_path: Path) -> None:
    found = digits.predict("images.test.subset(20, seed=1)", progress=False)
    assert found.probabilities is None and found.classes == []
    assert found.embeddings is not None and found.embeddings.shape == (20, 16)
    assert read(found.save(tmp_path / "x.csv"))[0].keys() >= {"index", "label", "embedding.15"}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("images.tset",), "did you mean `test`"),
        (("images.test >> resize(8)",), "R304.*has views"),
        (("labeled",), "is a stream"),
        (("no/folder",), "R404.*no folder `no/folder`"),
        (("two_moons().train",), "reads `image` of every sample, and these data have `vector`"),
        (("images.test", "--net", "encodr"), "did you mean `encoder`"),
        (("images.test", "--eval", "knnn"), "did you mean `knn"),
        (("images.test", "--stage", "mian"), "did you mean `main`"),
        (("images.test", "-o", "x.txt"), r"\.csv, \.parquet"),
    ],
)
def test_what_cannot_be_predicted_is_said(digits: ssldsl.Run, arguments: tuple[str, ...], message: str) -> None:
    done = predict(digits.folder, *arguments, *(() if "-o" in arguments else ("-o", "x.csv")))
    assert isinstance(done.exception, ssldsl.SpecError)
    assert re.search(message, str(done.exception).replace("\n", " ")), done.exception
    assert not Path("x.csv").exists()


def test_images_of_other_channels_are_a_message(digits: ssldsl.Run, tmp_path: Path) -> None:
    Image.new("RGB", (8, 8)).save(tmp_path / "color.png")
    done = predict(digits.folder, tmp_path, "-o", tmp_path / "x.csv")
    assert isinstance(done.exception, ssldsl.SpecError), done.exception
    assert "knows samples of the shape 1 × 8 × 8, and these are 3 × 8 × 8" in str(done.exception)
