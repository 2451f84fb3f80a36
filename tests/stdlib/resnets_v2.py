"""What holds of the residual networks of the second kind: a formula, and a count by hand."""

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional


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


def has_as_many_weights_as_counted(net: Any, units: tuple[int, ...], narrowing: int) -> None:
    for width in (4, 8, 16):
        with torch.device("meta"):
            found = sum(p.numel() for p in net(3, width=width).parameters())
        assert found == count_by_hand(units, width, narrowing)


def has_the_places_and_features_of_the_paper(net: Any, per_width: int) -> None:
    with torch.device("meta"):
        mine = net(3, width=16).to("meta")
        maps = mine.maxpool(mine.conv1(torch.empty(2, 3, 224, 224)))
        sides = [maps.shape[-1]]
        for part in (mine.layer1, mine.layer2, mine.layer3, mine.layer4):
            maps = part(maps)
            sides.append(maps.shape[-1])
        assert mine(torch.empty(2, 3, 224, 224)).features.shape == (2, 16 * per_width)
    assert sides == [56, 56, 28, 14, 7]


def has_as_many_weights(net: Any, published: int) -> None:
    """At the usual width."""
    with torch.device("meta"):
        assert sum(p.numel() for p in net(3).parameters()) == published


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
            strided = 1  # the second, of two convolutions as of three: `resblock_v2` of the code of S4L
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


def computes_the_formula(net: Any) -> None:
    """In value and gradient."""
    torch.manual_seed(0)
    mine = net(3, width=1).double()
    for norm in (m for m in mine.modules() if isinstance(m, nn.BatchNorm2d)):
        nn.init.uniform_(norm.weight, 0.5, 1.5)
        nn.init.uniform_(norm.bias, -0.5, 0.5)
    images = torch.rand(3, 3, 64, 64, dtype=torch.float64)
    expected = written_out(mine, images)
    torch.testing.assert_close(mine(images).features, expected)
    weights = [mine.conv1.weight, mine.layer2[0].shortcut.weight, mine.layer4[-1].branch[0].weight]
    found = torch.autograd.grad(mine(images).features.square().sum(), weights)
    torch.testing.assert_close(found, torch.autograd.grad(expected.square().sum(), weights))
