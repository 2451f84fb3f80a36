import pytest
import torch
from torch import Tensor

from ssldsl.stdlib.views.random_shift import random_shift, windows

SETTINGS = {"pixels": 3}  # with which the tests of all views call it


def placed(images: Tensor) -> list[tuple[int, int]]:
    """Where the one bright pixel of every image is, relative to the middle of 7 by 7."""
    return [(int(p) // 7 - 3, int(p) % 7 - 3) for p in images.flatten(1).argmax(dim=1)]


def dots(count: int) -> Tensor:
    images = torch.zeros(count, 1, 7, 7)
    images[:, :, 3, 3] = 1
    return images


def test_every_move_of_up_to_two_pixels_is_equally_likely(rng) -> None:
    moves = placed(random_shift(dots(5000), rng=rng(5000), pixels=2))
    counts = [moves.count((down, across)) for down in range(-2, 3) for across in range(-2, 3)]
    assert sum(counts) == 5000
    chi_square = sum((count - 200) ** 2 / 200 for count in counts)
    assert chi_square < 51.2  # 24 degrees of freedom, one in a thousand


def test_what_comes_in_is_black_and_what_leaves_is_lost(rng) -> None:
    moved = random_shift(torch.ones(200, 1, 4, 4), rng=rng(200), pixels=1)
    kept = moved.sum(dim=(1, 2, 3)).unique().tolist()
    assert kept == [9, 12, 16]


def test_a_window_is_the_slice_at_its_corner() -> None:
    images = torch.rand(3, 2, 6, 8)
    found = windows(images, torch.tensor([0, 2, 1]), torch.tensor([4, 0, 3]), 4, 4)
    expected = [images[0, :, 0:4, 4:8], images[1, :, 2:6, 0:4], images[2, :, 1:5, 3:7]]
    assert torch.equal(found, torch.stack(expected))


@pytest.mark.parametrize("shape", [(5, 9), (9, 5)])
def test_images_need_not_be_square(shape: tuple[int, int], rng) -> None:
    assert random_shift(torch.ones(2, 3, *shape), rng=rng(2), pixels=2).shape == (2, 3, *shape)
