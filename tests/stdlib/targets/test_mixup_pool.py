"""MixMatch's MixUp: laws of a mixture of two batches, and the distribution of shares and partners."""

import pytest
import torch
from torch import Tensor

from ssldsl.ops.random import Rows, SampleRng
from ssldsl.stdlib.targets.mixup_pool import drawn, mixup_pool


def rng(rows: int, epoch: int = 0) -> SampleRng:
    index = torch.arange(rows)
    return SampleRng(7, Rows(index, torch.full_like(index, epoch), torch.zeros_like(index)))


def mixture(labeled: int = 3, unlabeled: int = 8, **settings: float) -> tuple[Tensor, ...]:
    """Row r is an image of r everywhere, and its target one-hot at r."""
    total = labeled + unlabeled
    images, targets = torch.arange(total).float().view(-1, 1, 1, 1).expand(-1, 1, 2, 2), torch.eye(total)
    return mixup_pool(
        images[:labeled], images[labeled:], targets[:labeled], targets[labeled:], rng=rng(labeled), **settings
    )


def test_images_and_targets_are_mixed_alike_and_keep_the_most_of_themselves() -> None:
    images, targets, others, other_targets = mixture()
    assert len(images) == len(targets) == 3 and len(others) == len(other_targets) == 8
    pool, truth = torch.cat([images, others])[:, 0, 0, 0], torch.cat([targets, other_targets])
    torch.testing.assert_close(pool, truth @ torch.arange(11).float())
    torch.testing.assert_close(truth.sum(dim=1), torch.ones(11))
    assert (truth.diagonal() >= 0.5).all()


def test_every_row_is_the_partner_of_one() -> None:
    share, partner = drawn(11, 0.75, rng(3))
    assert sorted(partner.tolist()) == list(range(11)) and share.min() >= 0.5 and share.max() <= 1


def test_rows_have_shares_of_their_own_from_the_papers_distribution() -> None:
    share, partner = drawn(20_000, 0.75, rng(64))
    beta = torch.distributions.Beta(0.75, 0.75).sample((200_000,))
    assert share.mean().item() == pytest.approx(beta.maximum(1 - beta).mean().item(), abs=0.005)
    assert abs(torch.corrcoef(torch.stack([share[:-1], share[1:]]))[0, 1].item()) < 0.03
    assert abs(torch.corrcoef(torch.stack([partner, torch.arange(20_000)]).float())[0, 1].item()) < 0.03


def test_the_views_of_a_sample_have_one_target() -> None:
    images, guesses = torch.zeros(6, 1, 2, 2), torch.eye(3)[[0, 1]]
    found = mixup_pool(images[:2], images[2:], guesses, torch.eye(3)[[1, 2]], rng=rng(2), alpha=1e-4)
    assert found.other_targets.argmax(dim=1).tolist() == [1, 2, 1, 2]


def test_rows_that_are_no_views_of_the_samples_are_refused() -> None:
    with pytest.raises(ValueError, match="5 rows are not so many views of 2 samples"):
        mixup_pool(torch.zeros(2, 1, 2, 2), torch.zeros(5, 1, 2, 2), torch.eye(2), torch.eye(2), rng=rng(2))
