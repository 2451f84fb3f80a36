import torch
from small_nets import rng_for

from ssldsl.stdlib.targets.random_patch_mask import random_patch_mask


def test_as_many_patches_of_every_image_are_hidden_and_the_others_kept_in_order() -> None:
    found = random_patch_mask(torch.rand(500, 1, 8, 8), rng=rng_for(500), patch=2, ratio=0.75)
    assert (found.mask.sum(dim=1) == 12).all()
    assert (found.kept.diff(dim=1) > 0).all()
    assert (found.mask.gather(1, found.kept) == 0).all() and found.kept.shape == (500, 4)


def test_every_patch_is_as_likely() -> None:
    share = random_patch_mask(torch.rand(4000, 1, 8, 8), rng=rng_for(4000), patch=2, ratio=0.75).mask.mean(dim=0)
    assert (share - 0.75).abs().max() < 5 * (0.75 * 0.25 / 4000) ** 0.5


def test_the_share_is_that_of_the_released_code() -> None:
    """`int(N * (1 - ratio))` patches are kept: of 196 a quarter, of nine at 0.6 three."""
    for side, ratio, kept in ((14, 0.75, 49), (3, 0.6, 3), (2, 0.0, 4), (2, 1.0, 0)):
        found = random_patch_mask(torch.rand(1, 1, side, side), rng=rng_for(1), patch=1, ratio=ratio)
        assert found.kept.shape[1] == kept
