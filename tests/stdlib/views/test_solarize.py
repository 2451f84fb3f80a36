import torch
from torch import Tensor

from ssldsl.stdlib.views.solarize import solarize


def test_the_rule_is_that_of_torchvision(photos: Tensor, rng) -> None:
    from torchvision.transforms.functional import solarize as expected

    assert torch.equal(solarize(photos, rng=rng(6), threshold=0.4, p=1.0), expected(photos, 0.4))


def test_a_value_at_the_threshold_is_inverted(rng) -> None:
    values = torch.tensor([0.0, 0.25, 0.75, 1.0]).view(1, 1, 1, 4)
    assert solarize(values, rng=rng(1), threshold=0.75, p=1.0).flatten().tolist() == [0, 0.25, 0.25, 0]
