import pytest
import torch
from torch import Tensor

from ssldsl.stdlib.views.resize import resampling, resize

SETTINGS = {"size": 16}  # with which the tests of all views call it


@pytest.mark.parametrize("size", [7, 16, 24, 40])
@pytest.mark.parametrize("antialias", [True, False])
def test_resizing_is_that_of_torchvision(size: int, antialias: bool, photos: Tensor) -> None:
    from torchvision.transforms.functional import resize as expected

    found = resize(photos, size=size, antialias=antialias)
    torch.testing.assert_close(found, expected(photos, [size, size], antialias=antialias), atol=2e-6, rtol=0)


def test_the_old_size_changes_nothing(photos: Tensor) -> None:
    torch.testing.assert_close(resize(photos[..., :24], size=24), photos[..., :24])


def test_twice_the_size_interpolates_at_quarters() -> None:
    line = torch.tensor([0.0, 1.0]).view(1, 1, 1, 2).expand(1, 1, 2, 2)
    assert resize(line, size=4)[0, 0, 0].tolist() == [0, 0.25, 0.75, 1]


@pytest.mark.parametrize("antialias", [True, False])
def test_weights_of_a_part_sum_to_one_and_stay_in_it(antialias: bool) -> None:
    weights = resampling(torch.tensor([3.0, 0.0, 9.0]), torch.tensor([5.0, 12.0, 1.0]), 12, 4, antialias)
    torch.testing.assert_close(weights.sum(dim=-1), torch.ones(3, 4))
    assert weights[0, :, :3].abs().sum() == 0 and weights[0, :, 8:].abs().sum() == 0
    assert torch.equal(weights[2, :, 9], torch.ones(4))
