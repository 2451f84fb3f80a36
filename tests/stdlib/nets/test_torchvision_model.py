"""Networks of torchvision by name, with weights from a file."""

from pathlib import Path

import pytest
import torch
import torchvision
from safetensors.torch import save_file
from torch import nn

from ssldsl.ops.weights import UnfitWeights
from ssldsl.stdlib.nets.torchvision_model import TorchvisionModel

SETTINGS = {"name": "resnet18"}  # with which the tests of all ops call it


@pytest.mark.parametrize(
    ("name", "dim"),
    [("resnet18", 512), ("mobilenet_v3_small", 1024), ("densenet121", 1024), ("convnext_tiny", 768), ("vit_b_16", 768)],
)
def test_a_network_of_torchvision_gives_the_features_before_its_classifier(name: str, dim: int) -> None:
    net = TorchvisionModel(name=name).to("meta").eval()
    assert net(torch.empty(2, 3, 224, 224, device="meta")).shape == (2, dim)


def test_an_unknown_name_is_refused_with_those_near_it() -> None:
    with pytest.raises(ValueError, match=r"torchvision has no classification network 'resnet19'; near it: .*resnet18"):
        TorchvisionModel(name="resnet19")


def test_a_classifier_that_cannot_be_taken_off_is_said() -> None:
    with pytest.raises(ValueError, match="'squeezenet1_1' does not end in a linear map"):
        TorchvisionModel(name="squeezenet1_1")


@pytest.mark.parametrize("suffix", [".safetensors", ".pth"])
def test_weights_come_from_a_file_and_its_classifier_is_left(tmp_path: Path, suffix: str) -> None:
    original = torchvision.models.resnet18()
    file = tmp_path / f"weights{suffix}"
    if suffix == ".pth":
        torch.save({"epoch": 3, "state_dict": {f"module.{k}": v for k, v in original.state_dict().items()}}, file)
    else:
        save_file(original.state_dict(), file)
    found = TorchvisionModel(name="resnet18", weights=str(file)).eval()
    original.fc = nn.Identity()
    images = torch.rand(2, 3, 64, 64)
    torch.testing.assert_close(found(images), original.eval()(images))


def test_weights_that_do_not_fit_are_refused_by_name(tmp_path: Path) -> None:
    file = tmp_path / "weights.safetensors"
    state = torchvision.models.resnet18().state_dict()
    del state["layer1.0.conv1.weight"]
    state["conv1.weight"] = torch.zeros(64, 1, 7, 7)
    save_file(state, file)
    with pytest.raises(
        UnfitWeights, match=r"missing: layer1\.0\.conv1\.weight; shapes: `conv1\.weight` is \[64, 1, 7, 7\]"
    ):
        TorchvisionModel(name="resnet18", weights=str(file))


class Trap:
    def __reduce__(self) -> tuple[object, ...]:
        return (pytest.fail, ("the file was executed",))


@pytest.mark.parametrize("content", ["objects", "text", "nothing"])
def test_a_file_that_holds_no_tensors_is_refused_and_never_executed(tmp_path: Path, content: str) -> None:
    file = tmp_path / "weights.pth"
    if content == "objects":
        torch.save({"state_dict": Trap()}, file)
    elif content == "text":
        file.write_text("no weights")
    else:
        torch.save({}, file)
    with pytest.raises(UnfitWeights, match=r"weights\.pth"):
        TorchvisionModel(name="resnet18", weights=str(file))


def test_a_missing_file_is_said() -> None:
    with pytest.raises(UnfitWeights, match=r"there is no file nowhere/weights\.safetensors"):
        TorchvisionModel(name="resnet18", weights="nowhere/weights.safetensors")
