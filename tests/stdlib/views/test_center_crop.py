import pytest
import torch
from torch import Tensor

from ssldsl.stdlib.views.center_crop import center_crop

SETTINGS = {"size": 20, "short_side": 28}  # with which the tests of all views call it


def test_the_middle_is_that_of_torchvision(photos: Tensor) -> None:
    from torchvision.transforms.functional import center_crop as expected

    assert torch.equal(center_crop(photos, size=18), expected(photos, [18, 18]))


@pytest.mark.parametrize("antialias", [True, False])
@pytest.mark.parametrize("short_side", [18, 30])
def test_resizing_the_short_side_first_is_what_torchvision_does(
    short_side: int, antialias: bool, photos: Tensor
) -> None:
    from torchvision.transforms import functional as F

    expected = F.center_crop(F.resize(photos, [short_side], antialias=antialias), [16, 16])
    found = center_crop(photos, size=16, short_side=short_side, antialias=antialias)
    torch.testing.assert_close(found, expected, atol=2e-6, rtol=0)


def line_means(old: int, new: int) -> Tensor:
    """Every pixel cut into `new` equal pieces, and the mean of each run of `old` pieces, as weights of the pixels."""
    return torch.eye(old, dtype=torch.float64).repeat_interleave(new, dim=0).view(new, old, old).mean(dim=1)


@pytest.mark.parametrize("short_side", [18, 24, 30])
def test_resizing_by_area_gives_means_over_what_a_pixel_covers(short_side: int, photos: Tensor) -> None:
    width = round(32 * short_side / 24)
    resized = line_means(24, short_side) @ photos.double() @ line_means(32, width).T
    top, left = (short_side - 16) // 2, (width - 16) // 2
    found = center_crop(photos, size=16, short_side=short_side, interpolation="area")
    torch.testing.assert_close(found.double(), resized[..., top : top + 16, left : left + 16], atol=2e-6, rtol=0)


def test_an_odd_remainder_is_cut_below_and_to_the_right() -> None:
    column = torch.arange(5.0).view(1, 1, 5, 1).expand(1, 1, 5, 5)
    assert center_crop(column, size=2)[0, 0, :, 0].tolist() == [1, 2]


def test_a_crop_larger_than_the_image_is_refused() -> None:
    with pytest.raises(ValueError, match="a crop of 16 by 16 pixels from images of 12 by 24"):
        center_crop(torch.zeros(1, 1, 6, 12), size=16, short_side=12)
