import pytest
import torch
from torch import Tensor

from ssldsl.stdlib.views.flip import flip


def test_certain_flip_is_the_mirror_image_of_torchvision(photos: Tensor, rng) -> None:
    from torchvision.transforms.functional import hflip

    assert torch.equal(flip(photos, rng=rng(6), p=1.0), hflip(photos))


def test_impossible_flip_changes_nothing(photos: Tensor, rng) -> None:
    assert torch.equal(flip(photos, rng=rng(6), p=0.0), photos)


def test_a_fraction_p_of_the_images_is_flipped(rng) -> None:
    images = torch.tensor([0.0, 1.0]).view(1, 1, 1, 2).expand(4000, -1, -1, -1)
    flipped = flip(images, rng=rng(4000), p=0.3)[:, 0, 0, 0].mean().item()
    assert flipped == pytest.approx(0.3, abs=0.03)  # four standard deviations
