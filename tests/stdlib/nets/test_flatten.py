import torch

from ssldsl.stdlib.nets.flatten import Flatten


def test_pixels_stand_in_lines_channel_by_channel() -> None:
    images = torch.arange(24.0).view(2, 2, 2, 3)
    assert torch.equal(Flatten(2, 2, 3)(images), torch.arange(24.0).view(2, 12))
