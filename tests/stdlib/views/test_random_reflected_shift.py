import pytest
import torch

from ssldsl.stdlib.views.random_reflected_shift import random_reflected_shift


def test_every_window_of_the_reflected_image_is_equally_likely(rng) -> None:
    images = torch.arange(9.0).view(1, 1, 3, 3).expand(1800, -1, -1, -1)
    padded = torch.nn.functional.pad(images[:1], (1, 1, 1, 1), mode="reflect")[0, 0]
    wanted = [tuple(padded[i : i + 3, j : j + 3].flatten().tolist()) for i in range(3) for j in range(3)]
    moved = [tuple(x.flatten().tolist()) for x in random_reflected_shift(images, rng=rng(1800), pixels=1)]
    counts = [moved.count(window) for window in wanted]
    assert sum(counts) == 1800
    assert sum((count - 200) ** 2 / 200 for count in counts) < 26.1  # 8 degrees of freedom, one in a thousand


def test_an_image_of_one_color_stays(rng) -> None:
    assert torch.equal(random_reflected_shift(torch.ones(4, 1, 5, 5), rng=rng(4), pixels=2), torch.ones(4, 1, 5, 5))


def test_an_image_too_small_to_be_reflected_is_refused(rng) -> None:
    with pytest.raises(ValueError, match="an image of 2 by 2 pixels has no 2 to be reflected"):
        random_reflected_shift(torch.ones(1, 1, 2, 2), rng=rng(1), pixels=2)
