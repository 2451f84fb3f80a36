"""What holds of the residual networks of torchvision."""

from typing import Any

import torch
import torchvision


def has_the_weights_of_torchvision(net: Any, count: int, dim: int) -> None:
    """As many weights as are published, less those of the classifier."""
    with torch.device("meta"):
        found = sum(p.numel() for p in net(3).parameters())
    assert found == count - 1000 * dim - 1000


def computes_what_torchvision_does(net: Any, name: str) -> None:
    """The same features with the same weights, training and evaluated."""
    expected = torchvision.models.get_model(name)
    expected.fc = torch.nn.Identity()
    mine = net(3)
    mine.load_state_dict(expected.state_dict())
    images = torch.rand(2, 3, 48, 48)
    torch.testing.assert_close(mine(images).features, expected(images))
    seen = mine.eval()(images)
    torch.testing.assert_close(seen.features, expected.eval()(images))
    torch.testing.assert_close(seen.tokens, map_of(expected, images).flatten(2).mT)


def map_of(net: Any, images: torch.Tensor) -> torch.Tensor:
    """The last map of one of torchvision's networks."""
    found: list[torch.Tensor] = []
    net.layer4.register_forward_hook(lambda module, inputs, given: found.append(given))
    net(images)
    return found[0]


def keeps_the_resolution_of_cifar(net: Any) -> None:
    """Its stem for CIFAR has a kernel of 3 by 3, and neither stride nor pool."""
    with torch.device("meta"):
        mine = net(3, stem="cifar")
        maps = mine.layer1(mine.maxpool(mine.conv1(torch.empty(2, 3, 32, 32))))
    assert maps.shape[2:] == (32, 32) and mine.conv1.weight.shape == (64, 3, 3, 3)
