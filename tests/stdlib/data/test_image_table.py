import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace

import numpy as np
import pytest
import torch
from PIL import Image

from ssldsl.check import check
from ssldsl.ops.data_dirs import BrokenData, MissingData
from ssldsl.source import Source
from ssldsl.stdlib.data.image_table import image_table

ROWS = [
    ("a/0.png", "cat", "train"), ("a/1.png", "dog", "train"), ("a/2.png", "eel", "training"),
    ("a/3.png", "dog", "val"), ("a/4.png", "", "train"), ("a/5.png", "cat", "Test"),
]  # fmt: skip


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    (tmp_path / "a").mkdir()
    for number in range(6):
        pixels = np.full((5, 4, 3), 40 * number, dtype=np.uint8)
        Image.fromarray(pixels).save(tmp_path / "a" / f"{number}.png")
    return tmp_path


def table(folder: Path, *changes: tuple[str, str], delimiter: str = ",", start: str = "") -> str:
    lines = [("path", "species", "fold"), *ROWS]
    text = start + "\n".join(delimiter.join(line) for line in lines) + "\n"
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    (folder / "labels.csv").write_text(text, "utf-8")
    return str(folder / "labels.csv")


def opened(path: str, **more: str) -> image_table:
    return image_table(path=path, **{"label": "species", "split": "fold", **more})


@pytest.mark.parametrize(("delimiter", "start"), [(",", ""), (";", ""), ("\t", ""), (",", "\ufeff")])
def test_images_and_labels_are_those_of_the_rows(pictures: Path, delimiter: str, start: str) -> None:
    found = opened(table(pictures, delimiter=delimiter, start=start))
    assert found["train"].labels.tolist() == [0, 1, 2]
    assert found["train"].class_names == ("cat", "dog", "eel")
    assert (found["val"].labels.tolist(), found["test"].labels.tolist()) == ([1], [0])
    assert found["unlabeled"].labels is None and len(found["unlabeled"]) == 1
    assert len(found["all"]) == 5
    image = found["test"].read(torch.tensor([0]))["image"]
    torch.testing.assert_close(image, torch.full((1, 3, 5, 4), 200 / 255))


@pytest.mark.parametrize("names", [("2", "9", "10"), ("2.0", "9.0", "10.0")])
def test_classes_that_are_numbers_stand_in_their_order(pictures: Path, names: tuple[str, str, str]) -> None:
    text = table(pictures, ("cat", names[2]), ("dog", names[1]), ("eel", names[0]))
    assert opened(text)["train"].class_names == names


def test_images_may_start_elsewhere_and_a_table_have_no_splits(pictures: Path) -> None:
    (pictures / "tables").mkdir()
    path = table(pictures, ("a/", ""))
    Path(path).rename(pictures / "tables" / "t.csv")
    found = image_table(path=str(pictures / "tables" / "t.csv"), label="species", images=str(pictures / "a"))
    assert found["train"].labels.tolist() == found["all"].labels.tolist() == [0, 1, 2, 1, 0]


@pytest.mark.parametrize(
    ("change", "more", "said"),
    [
        (
            (("species", "specie"),),
            {},
            "there is no column `species`\nits columns are path, specie, fold\ndid you",
        ),
        ((("a/3.png", "a/9.png"),), {}, "line 5 names the image `a/9.png`, and .* has no such file"),
        ((("dog,val", "dgo,val"),), {}, "line 5 has the label `dgo`, which no training image has\ndid you mean `dog`"),
        ((("Test", "0"),), {}, "line 7 is of the split `0`, and splits are train, val, test, unlabeled"),
        (((",val", ",train"),), {}, "no row is of the split `val`\nthere are: test, train, unlabeled"),
        ((("a/3.png,", '"a/3.png,'),), {}, "this is no table"),
        ((("a/3.png,dog,val", "a/3.png"),), {}, "line 5 has 1 values, and the first line names 3 columns"),
        ((("a/3.png,", ","),), {}, "line 5 names no image in the column `path`"),
    ],
)
def test_what_is_wrong_with_a_table_is_said_with_its_line(
    pictures: Path, change: tuple[tuple[str, str], ...], more: dict[str, str], said: str
) -> None:
    with pytest.raises(BrokenData, match=said):
        opened(table(pictures, *change), **more)["val"]


def test_a_table_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(MissingData, match=r"labels\.csv"):
        image_table(path=str(tmp_path / "labels.csv"))


def test_no_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / "labels.csv").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(BrokenData, match="cannot be read"):
        image_table(path=str(tmp_path / "labels.csv"))["train"]


def test_parquet_is_read_where_pyarrow_is_and_asked_for_where_not(
    pictures: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = pictures / "labels.parquet"
    path.touch()
    monkeypatch.setitem(sys.modules, "pyarrow.parquet", None)
    with pytest.raises(BrokenData, match=r"`pip install \"ssldsl\[tables\]\"`"):
        opened(str(path))["train"]
    stand_in = ModuleType("pyarrow.parquet")
    names = ("path", "species", "fold")
    columns = {name: [row[i] or None for row in ROWS] for i, name in enumerate(names)}
    stand_in.read_table = lambda file: SimpleNamespace(to_pydict=lambda: columns)
    monkeypatch.setitem(sys.modules, "pyarrow", ModuleType("pyarrow"))
    monkeypatch.setitem(sys.modules, "pyarrow.parquet", stand_in)
    assert opened(str(path))["train"].labels.tolist() == [0, 1, 2]


def test_the_language_names_the_columns() -> None:
    text = """
    ssl 1
    data   birds   = image_table("labels.csv", image="path", label="species", split="fold")
    stream labeled = birds.train >> resize(16)
    net    encoder = convnet(width=8)
    head   classes = linear(encoder.dim, birds.classes)
    loss  = ce(labeled)
    batch = 4
    run   = 3it
    eval top1(birds.val >> resize(16))
    """
    assert not check(Source("birds.ssl", text)).diagnostics
