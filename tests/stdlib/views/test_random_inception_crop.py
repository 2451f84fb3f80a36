import numpy as np
import pytest
import torch
from torch import Tensor

from ssldsl.stdlib.views.random_inception_crop import draw_boxes, random_inception_crop
from ssldsl.stdlib.views.random_resized_crop import random_resized_crop

SETTINGS = {"size": 16, "count": 3}  # with which the tests of all views call it

RATIO = (0.75, 1.33)


def boxes(count: int, size: tuple[int, int], scale: tuple[float, float] = (0.05, 1.0), covered: float = 0.1) -> Tensor:
    """Boxes of evenly distributed random numbers, as (count, 4)."""
    shape, chance, corner = numbers(count)
    return torch.stack(draw_boxes(shape, chance, corner, size, scale, covered), dim=1)


def numbers(count: int, attempts: int = 20) -> tuple[Tensor, Tensor, Tensor]:
    generator = torch.Generator().manual_seed(0)
    shape, chance = (torch.rand(count, attempts, generator=generator) for _ in range(2))
    return RATIO[0] + (RATIO[1] - RATIO[0]) * shape, chance, torch.rand(count, 2, generator=generator)


def one_attempt(shape: float, chance: float, size: tuple[int, int], scale: tuple[float, float]) -> tuple[int, int]:
    """Height and width by trying every height, in the words of the sampler's documentation."""
    area = np.float32(size[0] * size[1])
    ratio = np.float32(shape)

    def width(height: int) -> int:
        return int(np.rint(np.float32(height) * ratio))

    low = int(np.rint(np.sqrt(np.float32(scale[0]) * area / ratio)))
    high = int(np.rint(np.sqrt(np.float32(scale[1]) * area / ratio)))
    heights = [h for h in range(low, high + 1) if h <= size[0] and width(h) <= size[1]]
    heights = heights or [max(h for h in range(size[0] + 1) if width(h) <= size[1])]
    height = heights[min(int(np.float32(chance) * np.float32(len(heights))), len(heights) - 1)]
    if width(height) * height < scale[0] * area:
        height += 1
    if width(height) * height > scale[1] * area:
        height -= 1
    return height, width(height)


@pytest.mark.parametrize("size", [(24, 32), (32, 24), (225, 300), (9, 9), (40, 10)])
@pytest.mark.parametrize("scale", [(0.05, 1.0), (0.3125, 0.5)])
def test_boxes_are_those_of_a_sampler_that_goes_through_all_heights(
    size: tuple[int, int], scale: tuple[float, float]
) -> None:
    shape, chance, corner = numbers(300)
    found = boxes(300, size, scale)
    for row in range(300):
        top, left, expected = 0, 0, size
        for ratio, where in zip(shape[row].tolist(), chance[row].tolist(), strict=True):
            height, width = one_attempt(ratio, where, size, scale)
            share = height * width / (size[0] * size[1])
            is_inside = 0 < height <= size[0] and 0 < width <= size[1]
            if is_inside and share >= max(0.1, scale[0]) - 1e-9 and share <= scale[1] + 1e-9:
                expected = (height, width)
                break
        room = (size[0] - expected[0], size[1] - expected[1])
        top, left = (int(corner[row, i].item() * room[i]) for i in range(2))
        assert found[row].tolist() == [top, left, *expected]


def test_heights_are_evenly_distributed_so_small_areas_come_often() -> None:
    area = boxes(4000, (200, 200)).T[2:].prod(dim=0) / 40000
    # for a square, P(area < a) = (sqrt(a) - sqrt(.1)) / (1 - sqrt(.1)); even areas would give .44 below a half
    below_half = (area < 0.5).float().mean().item()
    assert below_half == pytest.approx((0.5**0.5 - 0.1**0.5) / (0.93 - 0.1**0.5), abs=0.03)


def test_less_than_the_share_that_must_be_covered_never_comes() -> None:
    area = boxes(4000, (100, 120)).T[2:].prod(dim=0) / 12000
    assert 0.1 <= area.min().item() < 0.11
    free = boxes(4000, (100, 120), covered=0.0).T[2:].prod(dim=0) / 12000
    assert 0.05 <= free.min().item() < 0.06


def test_where_no_box_fits_the_whole_image_is_taken() -> None:
    assert boxes(3, (40, 10), (0.9, 1.0)).tolist() == [[0, 0, 40, 10]] * 3


def test_the_last_position_is_never_taken() -> None:
    top, left, height, width = boxes(4000, (12, 12)).T
    moves_down, moves_right = height < 12, width < 12
    assert (top + height)[moves_down].max() == 11 and (left + width)[moves_right].max() == 11
    assert top.min() == 0 and left.min() == 0


def test_patches_of_an_image_follow_one_another(rng) -> None:
    images = torch.arange(4.0).view(4, 1, 1, 1).expand(4, 3, 20, 20) / 4
    found = random_inception_crop(images, rng=rng(4), size=8, count=5)
    expected = (torch.arange(4.0) / 4).repeat_interleave(5).view(20, 1, 1, 1).expand(20, 3, 8, 8)
    torch.testing.assert_close(found, expected)


def test_patches_of_one_image_are_drawn_independently(photos: Tensor, rng) -> None:
    found = random_inception_crop(photos, rng=rng(6), size=8, count=4).view(6, 4, -1)
    distances = torch.cdist(found, found) + torch.eye(4)
    assert distances.min() > 0.1


def test_a_patch_is_the_box_cut_and_resized_as_in_torchvision(photos: Tensor) -> None:
    from torchvision.transforms.functional import resized_crop

    from ssldsl.stdlib.views.random_resized_crop import cut_boxes

    edges = [[0, 3, 24, 20], [5, 1, 11, 9]] * 6
    found = cut_boxes(photos, tuple(torch.tensor(edges).T), 2, 14, antialias=False)  # type: ignore[arg-type]
    expected = [resized_crop(photos[i // 2], *edge, [14, 14], antialias=False) for i, edge in enumerate(edges)]
    torch.testing.assert_close(found, torch.stack(expected), atol=2e-6, rtol=0)


def test_whole_images_at_their_own_size_are_copies(photos: Tensor, rng) -> None:
    square = photos[..., :24]
    found = random_inception_crop(square, rng=rng(6), size=24, count=2, scale=(1.0, 1.0), ratio=(1.0, 1.0))
    torch.testing.assert_close(found, square.repeat_interleave(2, dim=0))


def test_it_is_another_law_than_that_of_random_resized_crop(photos: Tensor, rng) -> None:
    one = random_inception_crop(photos, rng=rng(6), size=8, count=1)
    other = random_resized_crop(photos, rng=rng(6), size=8, scale=(0.05, 1.0), antialias=False)
    assert one.shape == other.shape and not torch.allclose(one, other, atol=0.01)
