"""Weights in the forms of other libraries, loaded there; outputs equal those of the run's own network."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from click.testing import CliRunner, Result
from safetensors.torch import load_file
from small_specs import classifier
from torch import nn

import ssldsl
from ssldsl import cli

SMALL = f"{classifier()}batch = 10\nrun = 2it\neval top1(images.test)\n"
RESNET = SMALL.replace("digits()", "cifar10()").replace("convnet(width=4)", 'resnet18(stem="imagenet")')


def export(*arguments: object) -> Result:
    return CliRunner().invoke(cli.commands, ["export", *map(str, arguments)], standalone_mode=False)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder with smoke runs of a small convnet and of a ResNet-18."""
    folder = tmp_path_factory.mktemp("runs")
    for name, text in (("small", SMALL), ("resnet", RESNET)):
        ssldsl.loads(text, f"{name}.ssl").run(folder, smoke=True, progress=False, report=False)
    yield folder


def trained(folder: Path, name: str) -> nn.Module:
    run = ssldsl.open_run(folder / f"{name}-smoke-s0-1")
    return nn.Sequential(run.module("encoder"), run.module("classes"))


@pytest.mark.parametrize("form", ["torchvision", "timm"])
def test_a_model_of_the_library_loads_its_file_strictly(folder: Path, tmp_path: Path, form: str) -> None:
    import timm
    import torchvision

    done = export(folder / "resnet-smoke-s0-1", "-o", tmp_path, "--format", form, "--head", "classes")
    assert done.exception is None, done.exception
    models = {
        "torchvision": torchvision.models.resnet18,
        "timm": lambda **sizes: timm.create_model("resnet18", **sizes),
    }
    model = models[form](num_classes=10)
    model.load_state_dict(load_file(tmp_path / "encoder.safetensors"), strict=True)
    images = torch.rand(2, 3, 32, 32)
    assert torch.allclose(model.eval()(images), trained(folder, "resnet")(images), atol=1e-5)


def test_without_a_head_only_the_classifier_is_missing(folder: Path, tmp_path: Path) -> None:
    import torchvision

    done = export(folder / "resnet-smoke-s0-1", "-o", tmp_path, "--format", "torchvision")
    assert done.exception is None, done.exception
    lost = torchvision.models.resnet18().load_state_dict(load_file(tmp_path / "encoder.safetensors"), strict=False)
    assert (lost.missing_keys, lost.unexpected_keys) == (["fc.weight", "fc.bias"], [])


@pytest.mark.parametrize("form", ["torch-export", "onnx"])
def test_a_program_computes_what_the_network_computes(folder: Path, tmp_path: Path, form: str) -> None:
    images = torch.rand(3, 1, 8, 8)
    expected = trained(folder, "small")(images)
    done = export(folder / "small-smoke-s0-1", "-o", tmp_path, "--format", form, "--head", "classes")
    assert done.exception is None, done.exception
    if form == "torch-export":
        found = torch.export.load(tmp_path / "encoder.pt2").module()(images)
    else:
        from onnx.reference import ReferenceEvaluator

        found = torch.from_numpy(
            ReferenceEvaluator(str(tmp_path / "encoder.onnx")).run(None, {"input": images.numpy()})[0]
        )
    assert torch.allclose(found, expected, atol=1e-5)


def test_a_card_lies_beside_the_weights(folder: Path, tmp_path: Path) -> None:
    done = export(folder / "small-smoke-s0-1", "-o", tmp_path)
    assert done.exception is None, done.exception
    card = (tmp_path / "README.md").read_text(encoding="utf-8")
    assert "| main | top1 |" in card
    assert "@misc{alpaydin1998digits," in card
    assert (tmp_path / "method.svg").read_text(encoding="utf-8").startswith("<svg")
    assert load_file(tmp_path / "encoder.safetensors")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--format", "torchvision"), "torchvision has no model `convnet`"),
        (("--format", "torchvision", "--like", "resnet18"), "do not fit torchvision.models.resnet18"),
        (("--format", "onnx", "--net", "encodr"), "no network `encodr`"),
        (("--format", "onnx", "--head", "clases"), "no head `clases`"),
        (("--net", "encoder"), "writes every module"),
    ],
)
def test_what_cannot_be_written_is_said(folder: Path, tmp_path: Path, arguments: tuple[str, ...], message: str) -> None:
    done = export(folder / "small-smoke-s0-1", "-o", tmp_path / "out", *arguments)
    assert isinstance(done.exception, ssldsl.SpecError)
    assert message in str(done.exception) and not (tmp_path / "out").exists()
