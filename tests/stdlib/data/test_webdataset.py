import io
import json
import pickle
import tarfile
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pytest
import torch
from data_specs import assert_resumes_exactly
from forked import together
from PIL import Image

from ssldsl.ops.data_dirs import BrokenData
from ssldsl.runtime.folder.checkpoint import complete_checkpoints, read_part
from ssldsl.stdlib.data.webdataset import webdataset

SPEC = """\
ssl 1
data   images  = webdataset("shards")
stream labeled = images.train >> resize(8)
net    encoder = convnet(width=4)
head   classes = linear(encoder.dim, images.classes)
loss  = ce(labeled)
batch = 4
run   = 6it
eval top1(images.val >> resize(8))
"""


def png(value: int, width: int = 8) -> bytes:
    content = io.BytesIO()
    Image.fromarray(np.full((8, width, 3), value, dtype=np.uint8)).save(content, "PNG")
    return content.getvalue()


def write(path: Path, files: Iterable[tuple[str, bytes]]) -> None:
    """A tar as the library writes it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tarfile.open(path, "w") as archive:
        for name, content in files:
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))


def samples(first: int, count: int) -> Iterable[tuple[str, bytes]]:
    """Sample n is of the gray 10 n, as wide as 8 or 9 pixels, of class n % 2."""
    for n in range(first, first + count):
        yield f"{n:04}.png", png(10 * n, 8 + n % 2)
        yield f"{n:04}.cls", str(n % 2).encode()
        yield f"{n:04}.json", json.dumps({"species": ["cat", "dog"][n % 2], "weight": 0.5}).encode()


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("web")
    write(folder / "shards" / "train-000.tar", samples(0, 6))
    write(folder / "shards" / "train-001.tar", samples(6, 6))
    write(folder / "shards" / "val" / "000.tar", samples(12, 4))
    write(folder / "shards" / "unlabeled-0.tar", [("x.png", png(200)), ("y.png", png(100))])
    return folder


def test_samples_are_those_of_the_shards_in_their_order(home: Path) -> None:
    splits = webdataset(path=str(home / "shards"))
    train = splits["train"]
    assert (len(train), len(splits["val"]), len(splits["all"]), len(splits["unlabeled"])) == (12, 4, 16, 2)
    one = train.read(torch.tensor([7]))
    assert one["image"].shape == (1, 3, 8, 9) and one["image"].unique().item() == pytest.approx(70 / 255)
    assert one["label"].tolist() == [1] and train.names[7] == "train-001.tar/0007.png"
    assert splits.classes == 2 and train.class_names == ()
    assert splits["unlabeled"].labels is None


def test_the_library_reads_the_same(home: Path) -> None:
    library = pytest.importorskip("webdataset")
    url = (home / "shards" / "train-001.tar").as_uri()
    theirs = list(library.WebDataset(url, shardshuffle=False, empty_check=False).decode("torchrgb"))
    ours = webdataset(path=str(home / "shards" / "train-001.tar"))["train"]
    assert [int(sample["cls"]) for sample in theirs] == ours.labels.tolist()
    for row, sample in enumerate(theirs):
        assert torch.equal(ours.read_one(row)["image"].float() / 255, sample["png"])


def test_an_entry_of_a_json_file_is_the_class(home: Path) -> None:
    splits = webdataset(path=str(home / "shards"), label="json.species")
    assert splits["train"].class_names == ("cat", "dog") and splits.classes == 2
    assert splits["val"].labels.tolist() == [0, 1, 0, 1]


def test_a_part_reads_the_same_in_another_process(home: Path) -> None:
    train = webdataset(path=str(home / "shards"))["train"]
    part = pickle.loads(pickle.dumps(train.take(torch.tensor([9, 2]))))
    assert part.ids.tolist() == [9, 2]
    assert torch.equal(part.read(torch.tensor([1]))["image"], train.read(torch.tensor([2]))["image"])
    assert part.digest() != train.digest() and train.without("label").fields == ("image",)


def test_a_run_goes_on_exactly_where_it_was(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(home)
    assert_resumes_exactly(SPEC, home)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"label": "class"}, "no file `class` with its label"),
        ({"label": "json.spices"}, "there is no `spices` in it"),
        ({"label": "json.weight"}, "no whole number and no text"),
        ({"image": "jpg"}, r"no file `jpg`, only `png`, `cls`, `json`"),
    ],
)
def test_what_is_not_there_is_said(home: Path, settings: dict[str, str], message: str) -> None:
    with pytest.raises(BrokenData, match=message):
        webdataset(path=str(home / "shards"), **settings)["train"]


def test_archives_that_cannot_be_read_are_said(tmp_path: Path) -> None:
    with pytest.raises(BrokenData, match=r"no `\.tar` in this folder"):
        webdataset(path=str(tmp_path))["train"]
    (tmp_path / "a.tar").write_bytes(b"\x1f\x8b something compressed")
    with pytest.raises(BrokenData, match="a compressed one has no places"):
        webdataset(path=str(tmp_path / "a.tar"))["train"]
    write(tmp_path / "train" / "b.tar", samples(0, 2))
    with pytest.raises(BrokenData, match="no name of an archive has the word `test`, only train"):
        webdataset(path=str(tmp_path / "train" / "b.tar"))["test"]


def test_an_archive_cut_off_after_its_places_were_looked_up_is_said(tmp_path: Path) -> None:
    write(tmp_path / "t.tar", samples(0, 2))
    train = webdataset(path=str(tmp_path / "t.tar"))["train"]
    (tmp_path / "t.tar").write_bytes(b"")
    with pytest.raises(BrokenData, match=r"t\.tar/t\.tar/0001\.png: it cannot be read from its archive"):
        train.read_one(1)


@pytest.mark.slow
@pytest.mark.parametrize("shards", [1, 2, 8])
def test_two_processes_learn_what_one_does_from_any_number_of_shards(tmp_path: Path, shards: int) -> None:
    each = 24 // shards
    for number in range(shards):
        write(tmp_path / "shards" / f"train-{number:03}.tar", samples(number * each, each))
    write(tmp_path / "shards" / "val-0.tar", samples(0, 4))
    (tmp_path / "spec.ssl").write_text(f"{SPEC}precision = fp64\n", encoding="utf-8")
    together(tmp_path, "run", "spec.ssl", "-o", "one", "--no-report", processes=1)
    together(tmp_path, "run", "spec.ssl", "-o", "two", "--no-report", processes=2)
    one, two = (ends(next((tmp_path / folder).iterdir())) for folder in ("one", "two"))
    assert one.keys() == two.keys() and one
    assert all(torch.allclose(one[name], two[name], atol=1e-9) for name in one)


def ends(folder: Path) -> dict[str, torch.Tensor]:
    """The weights of a run's last checkpoint."""
    *_, last = complete_checkpoints(folder / "checkpoints")
    return read_part(last, "weights")
