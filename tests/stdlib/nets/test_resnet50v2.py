import math

import pytest
import torch
from resnets_v2 import (
    computes_the_formula,
    has_as_many_weights,
    has_as_many_weights_as_counted,
    has_the_places_and_features_of_the_paper,
)
from torch import Tensor, nn

from ssldsl.stdlib.nets.resnet50v2 import ResNet50V2

SETTINGS = {"width": 1}  # with which the tests of all ops call it


def test_it_has_as_many_weights_as_counted_by_hand() -> None:
    has_as_many_weights_as_counted(ResNet50V2, (3, 4, 6, 3), narrowing=4)


def test_places_and_features_are_as_many_as_the_paper_says() -> None:
    has_the_places_and_features_of_the_paper(ResNet50V2, 512)


def test_at_the_usual_width_it_has_the_published_number_of_weights() -> None:
    has_as_many_weights(ResNet50V2, 23_500_352)


def test_it_computes_the_formula_in_value_and_gradient() -> None:
    computes_the_formula(ResNet50V2)


def test_outside_the_image_the_pool_sees_zeros() -> None:
    net = ResNet50V2(1, width=1)
    assert net.maxpool(torch.full((1, 1, 4, 4), -1.0)).tolist() == [[[[0.0, 0.0], [0.0, -1.0]]]]


def test_it_computes_what_timm_computes_with_the_same_weights() -> None:
    timm = pytest.importorskip("timm")
    expected = timm.create_model("resnetv2_50", num_classes=0, stem_type="fixed", width_factor=0.25)
    mine = ResNet50V2(3, width=1)
    with torch.no_grad():
        for given, own in zip(in_timms_order(mine), expected.parameters(), strict=True):
            own.copy_(given)
    for norm in (m for m in expected.modules() if isinstance(m, nn.BatchNorm2d)):
        norm.eps = 1e-3
    images = torch.rand(2, 3, 64, 64)
    torch.testing.assert_close(mine(images).features, expected(images), atol=1e-5, rtol=1e-4)


def in_timms_order(net: ResNet50V2) -> list[Tensor]:
    """All weights as timm declares them: of a unit the shortcut, then norm and convolution in turn."""
    found: list[Tensor] = [net.conv1.weight]
    for unit in (*net.layer1, *net.layer2, *net.layer3, *net.layer4):
        found += [] if unit.shortcut is None else [unit.shortcut.weight]
        found += [*unit.before.parameters(), *unit.branch.parameters()]
    return [*found, net.last[0].weight, net.last[0].bias]


def test_kernels_start_in_the_range_of_glorot_and_bengio() -> None:
    kernel = ResNet50V2(3).layer2[0].branch[2].weight  # 128 channels to 128, 3 by 3
    bound = math.sqrt(6 / (9 * 128 + 9 * 128))
    assert 0.99 * bound < kernel.abs().max().item() <= bound
    assert kernel.std().item() == pytest.approx(bound / math.sqrt(3), rel=0.02)


def test_normalizations_move_slowly_and_no_convolution_has_a_bias() -> None:
    with torch.device("meta"):
        modules = list(ResNet50V2(3).modules())
    norms = [m for m in modules if isinstance(m, nn.BatchNorm2d)]
    assert {(n.momentum, n.eps) for n in norms} == {(0.01, 1e-3)} and len(norms) == 3 * 16 + 1
    assert all(m.bias is None for m in modules if isinstance(m, nn.Conv2d))
