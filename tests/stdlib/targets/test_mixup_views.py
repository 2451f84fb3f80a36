import pytest
import torch
from small_nets import rng_for
from torch import Tensor

from ssldsl.stdlib.targets.mixup_views import mixup_views


def test_both_views_are_blended_with_the_same_partners_and_share(images: Tensor) -> None:
    found = mixup_views(images, images + 1, rng=rng_for(3, 5))
    own, partner = found.partners.T
    share = found.shares[0, 0]
    assert own.tolist() == [0, 1, 2] and partner.sort().values.tolist() == [0, 1, 2]
    expected = share * images + (1 - share) * images[partner]
    assert torch.allclose(found.images, expected, atol=1e-6) and torch.allclose(found.others, expected + 1, atol=1e-6)
    assert torch.equal(found.shares, found.shares[:1].expand(3, 2)) and found.shares[0].sum() == 1


def test_shares_are_of_a_beta_distribution(images: Tensor) -> None:
    shares = torch.stack([mixup_views(images, images, rng=rng_for(3, key)).shares[0, 0] for key in range(1500)])
    assert shares.mean().item() == pytest.approx(0.5, abs=0.03)
    assert shares.var().item() == pytest.approx(0.25 / 1.6, abs=0.012)  # 1 / (4 (2 * 0.3 + 1))
