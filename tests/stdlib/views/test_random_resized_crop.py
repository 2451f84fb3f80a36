import math

import pytest
import torch
from torch import Tensor

from ssldsl.stdlib.views.random_resized_crop import choose_boxes, random_resized_crop
from ssldsl.stdlib.views.resize import apply_resampling, resampling

SETTINGS = {"size": 16}  # with which the tests of all views call it
VARIANTS = {"bicubic": {"interpolation": "bicubic"}}  # and with these too

RATIO = (3 / 4, 4 / 3)


def boxes(count: int, size: tuple[int, int], scale: tuple[float, float], ratio: tuple[float, float]) -> Tensor:
    """Boxes of evenly distributed random numbers, as (count, 4)."""
    generator = torch.Generator().manual_seed(0)
    share = torch.rand(count, 10, generator=generator) * (scale[1] - scale[0]) + scale[0]
    low, high = math.log(ratio[0]), math.log(ratio[1])
    shape = (torch.rand(count, 10, generator=generator) * (high - low) + low).exp()
    return torch.stack(choose_boxes(share, shape, torch.rand(count, 2, generator=generator), size, ratio), dim=1)


@pytest.mark.parametrize("antialias", [True, False])
def test_a_box_is_cut_and_resized_as_in_torchvision(antialias: bool, photos: Tensor) -> None:
    from torchvision.transforms.functional import resized_crop

    top, left, height, width = (torch.tensor(v) for v in ([0, 3, 5, 0, 11, 2], [0, 8, 1, 9, 20, 3],
                                                          [24, 9, 17, 3, 13, 22], [32, 20, 5, 23, 12, 2]))  # fmt: skip
    found = apply_resampling(
        photos, resampling(top, height, 24, 14, antialias), resampling(left, width, 32, 14, antialias)
    )
    parts = [
        resized_crop(photos[i], *(int(v[i]) for v in (top, left, height, width)), [14, 14], antialias=antialias)
        for i in range(6)
    ]
    torch.testing.assert_close(found, torch.stack(parts), atol=2e-6, rtol=0)


def test_bicubic_boxes_are_those_of_torchvision(photos: Tensor) -> None:
    from torchvision.transforms import InterpolationMode
    from torchvision.transforms.functional import resized_crop

    boxes = [(0, 0, 24, 32), (3, 8, 9, 20), (5, 1, 17, 5), (0, 9, 3, 23), (11, 20, 13, 12), (2, 3, 22, 2)]
    top, left, height, width = torch.tensor(boxes).T
    found = apply_resampling(
        photos, resampling(top, height, 24, 14, True, cubic=True), resampling(left, width, 32, 14, True, cubic=True)
    )
    bicubic = InterpolationMode.BICUBIC
    parts = [resized_crop(photos[i], *box, [14, 14], bicubic, antialias=True) for i, box in enumerate(boxes)]
    torch.testing.assert_close(found, torch.stack(parts), atol=5e-6, rtol=0)


def test_bicubic_crops_stay_between_black_and_white(rng) -> None:  # type: ignore[no-untyped-def]
    stripes = torch.zeros(4, 1, 16, 16)
    stripes[..., ::4] = 1.0
    found = random_resized_crop(stripes, rng=rng(4), size=24, interpolation="bicubic")
    assert found.min() == 0 and found.max() <= 1
    assert not torch.equal(found, random_resized_crop(stripes, rng=rng(4), size=24))


def test_boxes_are_distributed_as_those_of_torchvision() -> None:
    from torchvision.transforms import RandomResizedCrop

    ours = boxes(4000, (24, 32), (0.08, 1.0), RATIO)
    torch.manual_seed(0)
    image = torch.zeros(3, 24, 32)
    theirs = torch.tensor([RandomResizedCrop.get_params(image, [0.08, 1.0], list(RATIO)) for _ in range(4000)]).float()
    for one, other in zip(ours.T, theirs.T, strict=True):
        error = math.sqrt((one.var() + other.var()).item() / 4000)
        assert one.mean().item() == pytest.approx(other.mean().item(), abs=4 * error)
        assert one.std().item() == pytest.approx(other.std().item(), rel=0.06)


def test_boxes_lie_in_the_image_and_keep_to_the_bounds() -> None:
    top, left, height, width = boxes(2000, (24, 32), (0.3, 0.6), RATIO).T
    assert (top >= 0).all() and (left >= 0).all() and (top + height <= 24).all() and (left + width <= 32).all()
    share, shape = height * width / (24 * 32), width / height
    assert share.min() > 0.27 and share.max() < 0.64  # sides are rounded to pixels
    assert shape.min() > 0.7 and shape.max() < 1.42


def test_where_no_box_fits_the_largest_central_one_is_taken() -> None:
    tall = boxes(3, (40, 10), (1.0, 1.0), RATIO)
    assert tall.tolist() == [[13, 0, 13, 10]] * 3  # 10 / (3/4) rounded, in the middle
    wide = boxes(3, (10, 41), (1.0, 1.0), RATIO)
    assert wide.tolist() == [[0, 14, 10, 13]] * 3


def test_the_first_attempt_that_fits_is_taken() -> None:
    share = torch.tensor([[1.0, 1.0, 0.25, 0.5]])
    shape = torch.tensor([[2.0, 0.5, 1.0, 1.0]])
    found = choose_boxes(share, shape, torch.zeros(1, 2), (20, 20), RATIO)
    assert [int(edge) for edge in found] == [0, 0, 10, 10]


@pytest.mark.parametrize("interpolation", ["bilinear", "bicubic"])
def test_bytes_are_cropped_as_numbers_are_and_rounded(interpolation, photos: Tensor, rng) -> None:  # type: ignore[no-untyped-def]
    stored = (photos * 255).round().to(torch.uint8)
    found = torch.cat([
        random_resized_crop(stored[i : i + 1], rng=rng(torch.tensor([i])), size=14, interpolation=interpolation)
        for i in range(6)
    ])  # fmt: skip
    assert found.dtype == torch.uint8
    expected = random_resized_crop(stored / 255, rng=rng(6), size=14, interpolation=interpolation)
    torch.testing.assert_close(found / 255, expected, atol=2.5 / 255, rtol=0)


def test_a_whole_image_at_its_own_size_is_itself(photos: Tensor, rng) -> None:
    square = photos[..., :24]
    found = random_resized_crop(square, rng=rng(6), size=24, scale=(1.0, 1.0), ratio=(1.0, 1.0))
    torch.testing.assert_close(found, square)


def test_settings_may_come_as_lists(photos: Tensor, rng) -> None:
    found = random_resized_crop(photos, rng=rng(6), size=8, scale=[0.05, 1.0], ratio=[0.75, 1.33])
    assert found.shape == (6, 3, 8, 8)
