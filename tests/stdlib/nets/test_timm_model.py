"""Networks of timm by name."""

import pytest
import torch

from ssldsl.stdlib.nets.timm_model import TimmModel

SETTINGS = {"name": "resnet10t"}  # with which the tests of all ops call it


@pytest.mark.parametrize(("name", "channels", "dim"), [("resnet10t", 1, 512), ("vit_tiny_patch16_224", 3, 192)])
def test_a_network_of_timm_gives_pooled_features(name: str, channels: int, dim: int) -> None:
    pytest.importorskip("timm")
    net = TimmModel(name=name, channels=channels).to("meta").eval()
    assert net(torch.empty(2, channels, 224, 224, device="meta")).shape == (2, dim)


def test_an_unknown_name_is_refused_with_those_near_it() -> None:
    pytest.importorskip("timm")
    with pytest.raises(ValueError, match=r"timm has no network 'resnet19_x'; near it: .*resnet18"):
        TimmModel(name="resnet19_x")
