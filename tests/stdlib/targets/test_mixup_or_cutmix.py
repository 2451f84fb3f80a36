import pytest
import torch
from mixtures import WrittenRng, holds_of_every_mixture
from torch import Tensor

from ssldsl.stdlib.targets.cutmix import cutmix
from ssldsl.stdlib.targets.mixup import mixup
from ssldsl.stdlib.targets.mixup_or_cutmix import mixup_or_cutmix


@pytest.mark.parametrize("draw", [0.49, 0.5])
def test_one_of_the_two_is_chosen_for_the_whole_batch(images: Tensor, draw: float) -> None:
    found = mixup_or_cutmix(images, images, rng=WrittenRng(draw, 0.63, 0.15, 0.55))
    is_cut = draw < 0.5
    expected = cutmix(images, images, rng=WrittenRng(0.63, 0.15, 0.55)) if is_cut else None
    expected = expected or mixup(images, images, rng=WrittenRng(0.63))
    torch.testing.assert_close(tuple(found), tuple(expected))


def test_it_holds_what_holds_of_every_mixture(images: Tensor) -> None:
    holds_of_every_mixture(mixup_or_cutmix, images)
