"""MixUp, with the numbers of timm."""

import pytest
import torch
from mixtures import WrittenRng, holds_of_every_mixture, leaves_all_where_lambda_is_one, mean_lambda
from torch import Tensor

from ssldsl.stdlib.targets.mixup import mixup


def test_mixup_weighs_every_pixel_alike(images: Tensor) -> None:
    others = images + 1
    found, shares = mixup(images, others, rng=WrittenRng(0.7))
    torch.testing.assert_close(found, 0.7 * images + 0.3 * others[[2, 1, 0]])
    assert shares.tolist() == pytest.approx([0.7] * 3)


def test_it_holds_what_holds_of_every_mixture(images: Tensor) -> None:
    holds_of_every_mixture(mixup, images)


def test_a_lambda_of_one_leaves_images_and_targets_as_they_are(images: Tensor) -> None:
    leaves_all_where_lambda_is_one(mixup, images)


def test_lambda_is_as_large_as_the_papers_code_has_it() -> None:
    assert mean_lambda(mixup) == pytest.approx(0.5, abs=0.03)
