"""RICAP of two views: sizes, areas and the map of pixels as LSD-C's sheet has them."""

import pytest
import torch
from small_nets import rng_for
from torch import Tensor

from ssldsl.ops.random import SampleRng
from ssldsl.stdlib.targets.ricap import compose, offsets, patch_sizes, ricap


def sizes(side: int, u: float, v: float) -> Tensor:
    return patch_sizes(side, side, torch.tensor(u, dtype=torch.float64), torch.tensor(v, dtype=torch.float64))


@pytest.mark.parametrize(
    ("u", "v", "shares"),
    [
        (0.7, 0.4, [0.279297, 0.126953, 0.408203, 0.185547]),
        (0.5, 0.5, [0.25, 0.25, 0.25, 0.25]),
        (0.98, 0.03, [0.030273, 0.000977, 0.938477, 0.030273]),
        (0.01, 0.9, [0, 0.90625, 0, 0.09375]),  # patches without a pixel
    ],
)
def test_areas_are_those_of_the_sheet(u: float, v: float, shares: list[float]) -> None:
    assert (sizes(32, u, v).prod(dim=1) / 1024).tolist() == pytest.approx(shares, abs=5e-7)


def test_the_first_size_runs_down_and_the_second_across() -> None:
    images = torch.arange(4.0).view(4, 1, 1, 1).expand(4, 1, 4, 4)
    partners = torch.arange(4).expand(4, 4)  # patch k is from image k, whose pixels are k
    found = compose(images, partners, sizes(4, 0.75, 0.25), torch.zeros(4, 2))
    assert found[0, 0].tolist() == [[0, 2, 2, 2], [0, 2, 2, 2], [0, 2, 2, 2], [1, 3, 3, 3]]


def test_patches_are_cut_out_at_their_places() -> None:
    images = torch.arange(32.0).view(2, 1, 4, 4)
    offset = torch.tensor([[1.0, 2.0], [3.0, 0.0], [0.0, 1.0], [2.0, 0.0]])
    found = compose(images, torch.tensor([[0, 1, 1, 0], [1, 1, 1, 1]]), sizes(4, 0.75, 0.25), offset)[0, 0]
    expected = torch.empty(4, 4)
    expected[:3, :1] = images[0, 0, 1:4, 2:3]
    expected[3:, :1] = images[1, 0, 3:4, 0:1]
    expected[:3, 1:] = images[1, 0, 0:3, 1:4]
    expected[3:, 1:] = images[0, 0, 2:3, 0:3]
    assert torch.equal(found, expected)


def test_every_place_of_a_patch_is_as_likely_as_any_other() -> None:
    places = torch.rand(20000, 4, 2, generator=torch.Generator().manual_seed(0))
    found = torch.stack([offsets(sizes(4, 0.75, 0.25), place, (4, 4)) for place in places[:4000]])
    assert found[:, 0].amax(dim=0).tolist() == [1, 3] and found[:, 3].amax(dim=0).tolist() == [3, 1]
    assert found[:, 0, 1].long().bincount().float().div(4000).tolist() == pytest.approx([0.25] * 4, abs=0.03)


def composed(key: int, **settings: float) -> tuple[Tensor, Tensor]:
    images = torch.zeros(6, 1, 32, 32)
    found = ricap(images, images, rng=rng_for(6, key), **settings)
    return found.partners, found.shares


def test_only_patches_of_more_than_a_quarter_are_the_own_image() -> None:
    for key in range(40):
        partners, shares = composed(key)
        for column, share in zip(partners.T, shares[0], strict=True):
            assert column.sort().values.tolist() == list(range(6))
            assert share <= 0.25 or column.tolist() == list(range(6))


def test_textbook_patches_are_all_from_partners() -> None:
    partners, shares = composed(3, keep_large=False)
    large = shares[0].argmax()
    assert shares[0, large] > 0.25 and partners[:, large].tolist() != list(range(6))


def shares_of(rng: SampleRng) -> Tensor:
    """The shares of the four patches, for every row what its draw would give a batch."""
    uv = rng.beta(0.3, 0.3, 2)
    return patch_sizes(32, 32, uv[:, 0], uv[:, 1]).prod(dim=1).T / 1024


def test_statistics_of_the_sheet() -> None:
    shares = shares_of(rng_for(20_000))
    own = shares > 0.25
    assert (shares * ~own).sum(dim=1).mean().item() == pytest.approx(0.122, abs=0.006)
    assert (own.sum(dim=1) == 1).float().mean().item() == pytest.approx(0.64, abs=0.02)
    assert (own.sum(dim=1) == 2).float().mean().item() == pytest.approx(0.36, abs=0.02)
    assert (shares.amax(dim=1) == 1).float().mean().item() == pytest.approx(0.10, abs=0.015)
    assert all(torch.equal(composed(key)[1][0], shares_of(rng_for(1, key))[0]) for key in range(8))


def test_both_views_have_the_same_partners_and_sizes_and_places_of_their_own() -> None:
    images = torch.rand(5, 1, 16, 16, generator=torch.Generator().manual_seed(1))
    found = [ricap(images, 10 + images, rng=rng_for(5, key)) for key in range(8)]
    assert all((f.others >= 10).all() and f.shares.sum(dim=1).allclose(torch.ones(5)) for f in found)
    assert any(not torch.equal(f.images, f.others - 10) for f in found)
