import pytest
import torch
from torch import Tensor

from ssldsl.stdlib.views.cutout import cutout

VARIANTS = {"varying": {"varying": True, "fill": 0.0}}


def test_a_square_of_the_image_is_gray_and_nothing_else_changes(photos: Tensor, rng) -> None:
    found = cutout(photos, rng=rng(6), size=0.25)
    for before, after in zip(photos, found, strict=True):
        changed = (before != after).any(dim=0)
        assert (after[:, changed] == 0.5).all()
        rows, columns = changed.any(dim=1).nonzero(), changed.any(dim=0).nonzero()
        assert changed.sum() == len(rows) * len(columns) and len(rows) <= 6 and len(columns) <= 6


def test_a_square_in_the_middle_has_the_size_that_is_said_and_is_cut_at_the_border(rng) -> None:
    covered = (cutout(torch.zeros(4000, 1, 32, 32), rng=rng(4000)) > 0).flatten(1).sum(dim=1)
    assert covered.max() == 256 and covered.min() == 64  # in a corner a quarter of it is left
    # the center falls evenly on 32 places: 16 pixels of a side where it is 8 to 24, one less for each further out
    side = sum(min(i + 8, 32) - max(i - 8, 0) for i in range(32)) / 32
    assert covered.float().mean().item() == pytest.approx(side**2, abs=2.5)


def test_a_varying_side_is_anything_up_to_the_size(rng) -> None:
    covered = (cutout(torch.zeros(2000, 1, 64, 64), rng=rng(2000), varying=True) > 0).any(dim=3).flatten(1).sum(dim=1)
    assert covered.max() == 32 and covered.min() <= 1 and 12 < covered.float().mean() < 16


def test_it_is_done_as_often_as_p_says(rng) -> None:
    done = (cutout(torch.zeros(4000, 1, 8, 8), rng=rng(4000), p=0.3) > 0).flatten(1).any(dim=1)
    assert done.float().mean().item() == pytest.approx(0.3, abs=0.03)
