import pytest
import torch
from torch import Tensor

from ssldsl.stdlib.views.equalize import equalize


def in_bytes(images: Tensor) -> Tensor:
    return (images * 255).round().to(torch.uint8)


def test_the_rule_is_that_of_torchvision(photos: Tensor, rng) -> None:
    from torchvision.transforms.functional import equalize as expected

    found = equalize(photos, rng=rng(6), p=1.0)
    assert torch.equal(in_bytes(found), expected(in_bytes(photos)))


def test_the_rule_is_that_of_pillow(photos: Tensor, rng) -> None:
    from PIL import ImageOps
    from torchvision.transforms.functional import pil_to_tensor, to_pil_image

    found = equalize(photos[:1], rng=rng(1), p=1.0)
    assert torch.equal(in_bytes(found)[0], pil_to_tensor(ImageOps.equalize(to_pil_image(in_bytes(photos[0])))))


@pytest.mark.parametrize("level", [0.0, 1.0, 128 / 255])
def test_an_image_of_one_level_stays(level: float, rng) -> None:
    image = torch.full((1, 3, 32, 32), level)
    assert torch.equal(equalize(image, rng=rng(1), p=1.0), image)


def test_two_levels_become_black_and_white(rng) -> None:
    image = torch.tensor([0.25, 0.75]).repeat_interleave(512).view(1, 1, 32, 32)
    assert equalize(image, rng=rng(1), p=1.0).unique().tolist() == [0.0, 1.0]


def test_about_a_fifth_of_the_images_change(rng) -> None:
    images = torch.rand(1, 1, 32, 32, generator=torch.Generator().manual_seed(3)).expand(2000, -1, -1, -1) / 2
    changed = (equalize(images, rng=rng(2000)) != images).flatten(1).any(dim=1)
    assert changed.float().mean().item() == pytest.approx(0.2, abs=0.03)
