"""Files that a spec names: those that lie beside it are meant, wherever the program is started."""

from pathlib import Path

import numpy as np
import pytest
import torch
import torchvision
from experiments import FIELDS, LIBRARY, quickstart

from ssldsl import pipeline
from ssldsl.check import check
from ssldsl.graph.plan import ModulePlan
from ssldsl.runtime.data.datasets import Datasets
from ssldsl.runtime.nets.build import build_modules
from ssldsl.runtime.ops.load import signature_of, with_files
from ssldsl.source import Source

SPEC = """ssl 1
data   images  = digits()
stream labeled = images.train.subset(names="few.json")
net    encoder = convnet(width=4)
head   classes = linear(encoder.dim, images.classes)
loss  = ce(labeled)
batch = 2
run   = 2it
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a spec, which is not the current one."""
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    (tmp_path / "specs").mkdir()
    return tmp_path / "specs"


def test_a_network_takes_its_weights_from_beside_the_spec(folder: Path) -> None:
    original = torchvision.models.mobilenet_v3_small()
    torch.save(original.state_dict(), folder / "mobile.pth")
    settings = {"name": "mobilenet_v3_small", "weights": "mobile.pth"}
    body = ModulePlan(path="body", op="torchvision_model", kind="net", settings=settings)
    plan = quickstart().model_copy(update={"modules": (body,)})
    found = build_modules(plan, FIELDS, LIBRARY, folder)["body"]
    assert torch.equal(found.model.features[0][0].weight, original.features[0][0].weight)


def test_names_of_samples_come_from_beside_the_spec(folder: Path) -> None:
    (folder / "few.json").write_text('{"values": [3, 1, 4, 1, 5]}')
    program = check(Source(str(folder / "spec.ssl"), SPEC)).program
    assert program is not None
    plan = pipeline.compile(program, sizes={str(program.streams[0].size): 4})
    assert Datasets(LIBRARY, folder).streams(plan.stages[0])["labeled"].ids.tolist() == [1, 3, 4, 5]


def test_arrays_come_from_beside_the_spec(folder: Path) -> None:
    np.savez(folder / "rows.npz", data=np.eye(3, dtype="float32"), label=np.arange(3))
    text = SPEC.replace("digits()", 'vector_arrays("rows.npz", dim=3, classes=3)').replace('names="few.json"', "3")
    program = check(Source(str(folder / "spec.ssl"), text.replace("convnet(width=4)", "mlp(width=4)"))).program
    assert program is not None
    stream = Datasets(LIBRARY, folder).streams(pipeline.compile(program).stages[0])["labeled"]
    assert stream.read(torch.tensor([2]))["vector"].tolist() == [[0.0, 0.0, 1.0]]


def test_images_come_from_a_folder_beside_the_spec(folder: Path) -> None:
    (folder / "photos").mkdir()
    signature = signature_of(LIBRARY, "image_folder")
    assert with_files(signature, {"path": "photos"}, folder) == {"path": str(folder / "photos")}


def test_what_is_not_beside_the_spec_keeps_its_name(folder: Path) -> None:
    (folder / "w.pth").touch()
    signature = signature_of(LIBRARY, "torchvision_model")
    for name, expected in (("w.pth", str(folder / "w.pth")), ("other.pth", "other.pth"), ("", ""), (None, None)):
        assert with_files(signature, {"name": "w.pth", "weights": name}, folder) == {
            "name": "w.pth",
            "weights": expected,
        }
