import pytest
import torch
from torch import Tensor

from ssldsl.stdlib.views.rotate4 import rotate4


def test_turns_go_against_the_clock() -> None:
    images, angles = rotate4(torch.tensor([[1.0, 2.0], [3.0, 4.0]]).view(1, 1, 2, 2))
    assert images.squeeze(1).tolist() == [[[1, 2], [3, 4]], [[2, 4], [1, 3]], [[4, 3], [2, 1]], [[3, 1], [4, 2]]]
    assert angles.tolist() == [0, 1, 2, 3]


def test_copies_of_an_image_follow_one_another(photos: Tensor) -> None:
    square = photos[..., :24]
    images, angles = rotate4(square)
    assert torch.equal(images[::4], square)
    assert torch.equal(images[4 * 5 + 3], square[5].rot90(3, dims=(1, 2)))
    assert angles.tolist() == [0, 1, 2, 3] * 6 and angles.dtype == torch.int64


def test_images_that_are_not_square_are_refused(photos: Tensor) -> None:
    with pytest.raises(ValueError, match="24 by 32"):
        rotate4(photos)
