import pytest
import torch
from torch import Tensor

from ssldsl.stdlib.views.color_jitter import (
    change_all,
    change_brightness,
    change_contrast,
    change_hue,
    change_in_order,
    change_saturation,
    color_jitter,
)

VARIANTS = {"shuffled": {"shuffled": True}}  # and with these too

FACTORS = [0.0, 0.3, 0.8, 1.0, 1.2, 1.9]
TURNS = [-0.5, -0.21, -0.05, 0.0, 0.13, 0.5]


@pytest.mark.parametrize(
    ("change", "name", "amounts"),
    [
        (change_brightness, "adjust_brightness", FACTORS),
        (change_contrast, "adjust_contrast", FACTORS),
        (change_saturation, "adjust_saturation", FACTORS),
        (change_hue, "adjust_hue", TURNS),
    ],
)
def test_each_change_is_that_of_torchvision(change, name: str, amounts: list[float], photos: Tensor) -> None:
    from torchvision.transforms import functional

    expected = [getattr(functional, name)(photos[i], amount) for i, amount in enumerate(amounts)]
    torch.testing.assert_close(change(photos, torch.tensor(amounts)), torch.stack(expected), atol=5e-6, rtol=0)


def test_a_third_of_the_circle_turns_red_into_green() -> None:
    red = torch.tensor([1.0, 0.0, 0.0]).view(1, 3, 1, 1)
    turned = change_hue(red, torch.tensor([1 / 3])).flatten().tolist()
    assert turned == pytest.approx([0, 1, 0], abs=1e-6)


def test_grey_has_no_hue_and_no_saturation() -> None:
    gray = torch.full((1, 3, 2, 2), 0.4)
    torch.testing.assert_close(change_hue(gray, torch.tensor([0.3])), gray)
    torch.testing.assert_close(change_saturation(gray, torch.tensor([0.1])), gray, atol=1e-4, rtol=0)


def test_the_order_of_the_changes_is_the_one_that_is_asked_for(photos: Tensor) -> None:
    amounts = torch.tensor([[1.6, 0.5, 1.8, 0.2]]).expand(6, -1)
    changes = (change_brightness, change_contrast, change_saturation, change_hue)
    orders = torch.tensor([[0, 1, 2, 3], [3, 2, 1, 0], [1, 0, 3, 2], [2, 3, 0, 1], [0, 3, 1, 2], [1, 2, 0, 3]])
    expected = []
    for image, order in zip(photos, orders.tolist(), strict=True):
        image = image.unsqueeze(0)
        for number in order:
            image = changes[number](image, amounts[0, number].view(1))
        expected.append(image)
    torch.testing.assert_close(change_in_order(photos, amounts, orders), torch.cat(expected), atol=1e-6, rtol=0)
    torch.testing.assert_close(change_all(photos, amounts)[0], torch.cat(expected)[0], atol=1e-6, rtol=0)


def test_strengths_of_zero_change_nothing(photos: Tensor, rng) -> None:
    same = color_jitter(photos, rng=rng(6), brightness=0.0, contrast=0.0, saturation=0.0, hue=0.0, p=1.0)
    torch.testing.assert_close(same, photos, atol=2e-6, rtol=0)


def test_brightness_alone_scales_by_a_uniform_factor(rng) -> None:
    gray = torch.full((4000, 3, 1, 1), 0.5)
    factors = 2 * color_jitter(gray, rng=rng(4000), brightness=0.4, contrast=0.0, saturation=0.0, hue=0.0, p=1.0)[:, 0]
    assert factors.min().item() == pytest.approx(0.6, abs=0.005) and factors.max().item() == pytest.approx(
        1.4, abs=0.005
    )
    assert factors.mean().item() == pytest.approx(1.0, abs=0.015)


def test_more_than_half_the_circle_of_hues_is_refused(photos: Tensor, rng) -> None:
    with pytest.raises(ValueError, match=r"hue is 0.6"):
        color_jitter(photos, rng=rng(6), hue=0.6)
