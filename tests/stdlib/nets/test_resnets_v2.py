"""Residual networks of the second kind, against a formula, a count by hand, and timm's network weight by weight."""

import math
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from ssldsl.stdlib.nets.resnet18v2 import ResNet18V2
from ssldsl.stdlib.nets.resnet34v2 import ResNet34V2
from ssldsl.stdlib.nets.resnet50v2 import ResNet50V2
from ssldsl.stdlib.nets.resnet101v2 import ResNet101V2
from ssldsl.stdlib.nets.resnet152v2 import ResNet152V2

BOTTLENECKS = [(ResNet50V2, (3, 4, 6, 3)), (ResNet101V2, (3, 4, 23, 3)), (ResNet152V2, (3, 8, 36, 3))]
BASICS = [(ResNet18V2, (2, 2, 2, 2)), (ResNet34V2, (3, 4, 6, 3))]


def count_by_hand(units: tuple[int, ...], width: int, narrowing: int) -> int:
    """Weights of all convolutions and two of every normalized channel; `narrowing` 4 is the bottleneck, 0 the basic."""
    total, before = 7 * 7 * 3 * 16 * width, 16 * width
    for number, of_stage in enumerate(units):
        after = 16 * width * 2**number * (narrowing or 1)
        for first in (True, *[False] * (of_stage - 1)):
            into = before if first else after
            inner = after // narrowing if narrowing else after
            convolved = into * inner + 9 * inner**2 + inner * after if narrowing else 9 * into * after + 9 * after**2
            normalized = into + 2 * inner if narrowing else into + after
            beside = into * after if first and (number > 0 or into != after) else 0
            total += convolved + 2 * normalized + beside
        before = after
    return total + 2 * before


@pytest.mark.parametrize("width", [4, 8, 16])
@pytest.mark.parametrize(
    ("net", "units", "narrowing"), [(n, u, 4) for n, u in BOTTLENECKS] + [(n, u, 0) for n, u in BASICS]
)
def test_it_has_as_many_weights_as_counted_by_hand(
    net: Any, units: tuple[int, ...], narrowing: int, width: int
) -> None:
    with torch.device("meta"):
        found = sum(p.numel() for p in net(3, width=width).parameters())
    assert found == count_by_hand(units, width, narrowing)


@pytest.mark.parametrize(("net", "units"), BOTTLENECKS)
def test_at_the_usual_width_it_has_the_published_number_of_weights(net: Any, units: tuple[int, ...]) -> None:
    published = {3 + 4 + 6 + 3: 23_500_352, 3 + 4 + 23 + 3: 42_492_480, 3 + 8 + 36 + 3: 58_136_128}
    with torch.device("meta"):
        assert sum(p.numel() for p in net(3).parameters()) == published[sum(units)]


@pytest.mark.parametrize(("net", "per_width"), [(n, 512) for n, _ in BOTTLENECKS] + [(n, 128) for n, _ in BASICS])
def test_places_and_features_are_as_many_as_the_paper_says(net: Any, per_width: int) -> None:
    with torch.device("meta"):
        mine = net(3, width=16).to("meta")
        maps = mine.maxpool(mine.conv1(torch.empty(2, 3, 224, 224)))
        sides = [maps.shape[-1]]
        for part in (mine.layer1, mine.layer2, mine.layer3, mine.layer4):
            maps = part(maps)
            sides.append(maps.shape[-1])
        assert mine(torch.empty(2, 3, 224, 224)).shape == (2, 16 * per_width)
    assert sides == [56, 56, 28, 14, 7]


def normalized(maps: Tensor, norm: nn.BatchNorm2d) -> Tensor:
    """What batch normalization makes of a batch in training, without its code, and the activation."""
    mean = maps.mean(dim=(0, 2, 3), keepdim=True)
    variance = (maps - mean).square().mean(dim=(0, 2, 3), keepdim=True)
    scaled = (maps - mean) / (variance + 1e-3).sqrt()
    return (scaled * norm.weight.view(-1, 1, 1) + norm.bias.view(-1, 1, 1)).clamp(min=0)


def largest_of_nine(maps: Tensor) -> Tensor:
    """Every other place: the largest of 3×3, where all that lies outside is zero."""
    wide = functional.pad(maps, (1, 1, 1, 1))
    return wide.unfold(2, 3, 2).unfold(3, 3, 2).amax(dim=(-1, -2))


def written_out(net: nn.Module, images: Tensor) -> Tensor:
    """The network as a formula over its weights: what is activated, where the shortcut starts, where the stride is."""
    maps = largest_of_nine(functional.conv2d(images, net.conv1.weight, stride=2, padding=3))
    for number in range(1, 5):
        for place, unit in enumerate(getattr(net, f"layer{number}")):
            stride = 2 if place == 0 and number > 1 else 1
            activated = normalized(maps, unit.before[0])
            kernels = [m.weight for m in unit.branch if isinstance(m, nn.Conv2d)]
            norms = [m[0] for m in unit.branch if isinstance(m, nn.Sequential)]
            strided = 1 if len(kernels) == 3 else 0
            branch = activated
            for step, kernel in enumerate(kernels):
                if step:
                    branch = normalized(branch, norms[step - 1])
                padding = kernel.shape[-1] // 2
                branch = functional.conv2d(branch, kernel, stride=stride if step == strided else 1, padding=padding)
            if unit.shortcut is not None:
                maps = functional.conv2d(activated, unit.shortcut.weight, stride=stride)
            maps = maps + branch
    return normalized(maps, net.last[0]).mean(dim=(2, 3))


@pytest.mark.parametrize("net", [ResNet18V2, ResNet50V2])
def test_it_computes_the_formula_in_value_and_gradient(net: Any) -> None:
    torch.manual_seed(0)
    mine = net(3, width=1).double()
    for norm in (m for m in mine.modules() if isinstance(m, nn.BatchNorm2d)):
        nn.init.uniform_(norm.weight, 0.5, 1.5)
        nn.init.uniform_(norm.bias, -0.5, 0.5)
    images = torch.rand(3, 3, 64, 64, dtype=torch.float64)
    expected = written_out(mine, images)
    torch.testing.assert_close(mine(images), expected)
    weights = [mine.conv1.weight, mine.layer2[0].shortcut.weight, mine.layer4[-1].branch[0].weight]
    found = torch.autograd.grad(mine(images).square().sum(), weights)
    torch.testing.assert_close(found, torch.autograd.grad(expected.square().sum(), weights))


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
    torch.testing.assert_close(mine(images), expected(images), atol=1e-5, rtol=1e-4)


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


def test_the_stem_of_cifar_keeps_the_resolution() -> None:
    with torch.device("meta"):
        mine = ResNet18V2(3, stem="cifar")
        assert mine.layer1(mine.maxpool(mine.conv1(torch.empty(2, 3, 32, 32)))).shape == (2, 64, 32, 32)
