import torch
from small_nets import rng_for

from ssldsl.stdlib.targets.block_patch_mask import block_patch_mask

IMAGES = torch.rand(800, 1, 14, 14)


def test_no_more_is_hidden_than_is_wanted_and_mostly_as_much() -> None:
    hidden = block_patch_mask(IMAGES, rng=rng_for(800), patch=1, low=0.3, high=0.3, p=1.0).sum(dim=1)
    assert hidden.max() <= 58  # 0.3 of 196
    assert hidden.mean() > 54


def test_a_share_of_the_images_is_masked() -> None:
    masked = block_patch_mask(IMAGES, rng=rng_for(800), patch=1, p=0.5).any(dim=1).float().mean()
    assert abs(masked - 0.5) < 5 * (0.25 / 800) ** 0.5
    assert not block_patch_mask(IMAGES, rng=rng_for(800), patch=1, p=0.0).any()


def test_what_is_hidden_is_blocks() -> None:
    """Of patches chosen one by one, 0.3 of the neighbors of a hidden patch would be hidden; of blocks, most are."""
    hidden = block_patch_mask(IMAGES, rng=rng_for(800), patch=1, low=0.3, high=0.3, p=1.0).view(-1, 14, 14)
    beside = (hidden[:, :, 1:] * hidden[:, :, :-1]).sum() / hidden[:, :, :-1].sum()
    assert beside > 0.6


def test_the_shares_are_spread_evenly() -> None:
    hidden = block_patch_mask(IMAGES, rng=rng_for(800), patch=1, low=0.1, high=0.5, p=1.0).mean(dim=1)
    assert abs(hidden.mean() - 0.3) < 0.02 and hidden.min() < 0.15 and hidden.max() > 0.44
