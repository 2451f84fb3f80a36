import colorsys

import pytest
import torch
from torch import Tensor

from ssldsl.ops.random import Rows, SampleRng
from ssldsl.stdlib.views.color_jitter import colored, hues
from ssldsl.stdlib.views.random_hsv import bent, random_hsv


def hsv(images: Tensor) -> Tensor:
    """Hue, saturation and value of every pixel by the standard library, (batch, 3, height, width)."""
    flat = images.permute(0, 2, 3, 1).reshape(-1, 3).tolist()
    back = torch.tensor([colorsys.rgb_to_hsv(*pixel) for pixel in flat])
    return back.view(len(images), *images.shape[2:], 3).permute(0, 3, 1, 2)


def numbers(unit: list[float]) -> SampleRng:
    """Random numbers that are written down, given as -1 to 1."""

    class Fixed(SampleRng):
        def uniform(self, *shape: int, low: float = 0.0, high: float = 1.0) -> Tensor:
            return (torch.tensor([unit]) + 1) / 2

    return Fixed(0, Rows(*(torch.zeros(1, dtype=torch.int64) for _ in range(3))))


def pixel(hue: float, saturation: float, value: float) -> Tensor:
    return torch.tensor(colorsys.hsv_to_rgb(hue, saturation, value)).view(1, 3, 1, 1)


def test_saturations_and_values_are_bent_as_the_oracle_says() -> None:
    for part, power, expected in ((0.5, 2.0, 0.35), (0.8, 0.5, 1.0)):  # the second is 1.1233 before it is clipped
        found = bent(torch.full((1, 1, 1), part), *(torch.tensor([v]) for v in (power, 1.2, 0.05)))
        assert found.item() == pytest.approx(expected, abs=1e-6)


def test_a_pixel_changes_as_the_oracle_says() -> None:
    m, t = torch.tensor(1.2).log2().item() / 0.5, 0.05 / 0.1
    found = random_hsv(pixel(0.95, 0.5, 0.8), rng=numbers([1.0, 0.5, -0.5, m, m, t, t]))
    # hue .95 + .1 goes round to .05; exponents 2 and 1/2, gain 1.2, shift .05: saturation .35, value 1.1233 clipped
    assert found.flatten().tolist() == pytest.approx(colorsys.hsv_to_rgb(0.05, 0.35, 1.0), abs=1e-6)


def test_every_draw_is_that_of_the_standard_library(photos: Tensor, rng) -> None:
    unit = 2 * rng(6).uniform(7) - 1
    found = hsv(random_hsv(photos, rng=rng(6)))
    before = hsv(photos)
    hue = (before[:, 0] + 0.1 * unit[:, 0].view(-1, 1, 1)) % 1
    expected = [
        (before[:, 1 + i] ** (2 ** (2 * unit[:, 1 + i])).view(-1, 1, 1) * (2 ** (0.5 * unit[:, 3 + i])).view(-1, 1, 1)
         + 0.1 * unit[:, 5 + i].view(-1, 1, 1)).clamp(0, 1)
        for i in range(2)
    ]  # fmt: skip
    torch.testing.assert_close(found[:, 2], expected[1], atol=1e-5, rtol=0)
    is_seen = (expected[1] > 0.05) & (expected[0] > 0.05)  # hue and saturation of what is nearly black are not
    torch.testing.assert_close(found[:, 1][is_seen], expected[0][is_seen], atol=1e-4, rtol=0)
    off = (found[:, 0] - hue)[is_seen].abs()
    assert off.minimum(1 - off).max() < 1e-4


def test_ranges_are_those_of_the_paper(rng) -> None:
    middle = pixel(0.0, 0.5, 0.5).expand(4000, -1, -1, -1)
    for changed, low, high in (({"power": 2.0}, 0.5**4, 0.5**0.25), ({"gain": 0.5}, 0.5 * 2**-0.5, 0.5 * 2**0.5),
                               ({"shift": 0.1}, 0.4, 0.6)):  # fmt: skip
        off = {"hue": 0.0, "power": 0.0, "gain": 0.0, "shift": 0.0}
        values = random_hsv(middle, rng=rng(4000), **(off | changed)).amax(dim=1)
        assert values.min().item() == pytest.approx(low, abs=2e-3) and values.max().item() == pytest.approx(
            high, abs=2e-3
        )


def test_saturation_and_value_draw_apart(rng) -> None:
    changed = hsv(random_hsv(pixel(0.3, 0.5, 0.5).expand(500, -1, -1, -1), rng=rng(500)))
    together = torch.corrcoef(changed[:, 1:].flatten(1).T)[0, 1].item()
    assert abs(together) < 0.15


def test_copies_of_one_sample_are_changed_differently(photos: Tensor) -> None:
    rows = Rows(*(torch.zeros(1, dtype=torch.int64) for _ in range(3))).repeat(8)
    found = random_hsv(photos[:1].expand(8, -1, -1, -1), rng=SampleRng(7, rows)).flatten(1)
    assert (torch.cdist(found, found) + torch.eye(8)).min() > 0.1


def test_strengths_of_zero_change_nothing(photos: Tensor, rng) -> None:
    same = random_hsv(photos, rng=rng(6), hue=0.0, power=0.0, gain=0.0, shift=0.0)
    torch.testing.assert_close(same, photos, atol=2e-6, rtol=0)


def test_an_image_is_put_together_again_from_its_hues(photos: Tensor) -> None:
    torch.testing.assert_close(colored(*hues(photos)), photos, atol=2e-6, rtol=0)


def test_values_just_below_black_do_not_spread_as_nan(rng) -> None:
    assert random_hsv(torch.full((2, 3, 2, 2), -1e-7), rng=rng(2)).isfinite().all()
