import pytest
import torch
from torch import Tensor

from ssldsl.stdlib.views.center_crop import center_crop
from ssldsl.stdlib.views.five_crop import five_crop

SETTINGS = {"size": 20, "short_side": 28}  # with which the tests of all views call it


def test_the_crops_are_those_of_torchvision_the_middle_first(photos: Tensor) -> None:
    from torchvision.transforms.functional import five_crop as theirs

    left, right, bottom_left, bottom_right, middle = theirs(photos, [16, 16])
    expected = torch.stack([middle, left, right, bottom_left, bottom_right], dim=1).flatten(0, 1)
    assert torch.equal(five_crop(photos, size=16), expected)


def test_the_short_side_is_resized_first(photos: Tensor) -> None:
    from torchvision.transforms import functional as F

    resized = F.resize(photos, [18], antialias=True)
    torch.testing.assert_close(
        five_crop(photos, size=16, short_side=18), five_crop(resized, size=16), atol=2e-6, rtol=0
    )
    middle = center_crop(photos, size=16, short_side=18)
    torch.testing.assert_close(five_crop(photos, size=16, short_side=18)[::5], middle, atol=2e-6, rtol=0)


def test_the_short_side_is_resized_by_area_where_that_is_asked_for(photos: Tensor) -> None:
    found = five_crop(photos, size=16, short_side=18, interpolation="area")[::5]
    expected = center_crop(photos, size=16, short_side=18, interpolation="area")
    torch.testing.assert_close(found, expected, atol=2e-6, rtol=0)


def test_an_odd_remainder_is_cut_below_and_to_the_right() -> None:
    column = torch.arange(5.0).view(1, 1, 5, 1).expand(1, 1, 5, 5)
    assert five_crop(column, size=2)[:, 0, :, 0].tolist() == [[1, 2], [0, 1], [0, 1], [3, 4], [3, 4]]


def test_crops_larger_than_the_image_are_refused() -> None:
    with pytest.raises(ValueError, match="crops of 16 by 16 pixels from images of 12 by 24"):
        five_crop(torch.zeros(1, 1, 6, 12), size=16, short_side=12)
