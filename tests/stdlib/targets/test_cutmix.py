"""CutMix, with the boxes of timm."""

import pytest
import torch
from mixtures import WrittenRng, holds_of_every_mixture, leaves_all_where_lambda_is_one, mean_lambda
from torch import Tensor

from ssldsl.stdlib.targets.cutmix import cutmix, outside_box


def box_of(size: int, share: float, center: tuple[int, int]) -> tuple[list[int], float]:
    """Top, bottom, left and right of the box, and the share that is left."""
    place = (torch.tensor(center, dtype=torch.float64) + 0.5) / size
    inside = outside_box(size, size, torch.tensor(share, dtype=torch.float64), place) == 0
    rows, columns = inside.any(1).nonzero().flatten(), inside.any(0).nonzero().flatten()
    ends = [int(rows[0]), int(rows[-1]) + 1, int(columns[0]), int(columns[-1]) + 1]
    return ends, 1 - inside.double().mean().item()


@pytest.mark.parametrize(
    ("size", "share", "center", "box", "left"),
    [
        (10, 0.64, (1, 5), [0, 4, 2, 8], 0.76),
        (10, 0.64, (5, 5), [2, 8, 2, 8], 0.64),
        (224, 0.3, (112, 112), [19, 205, 19, 205], 0.310507),
        (32, 0.51, (16, 16), [5, 27, 5, 27], 0.527344),
    ],
)
def test_boxes_are_where_timm_has_them(
    size: int, share: float, center: tuple[int, int], box: list[int], left: float
) -> None:
    found, rest = box_of(size, share, center)
    assert found == box and rest == pytest.approx(left, abs=1e-6)


def test_cutmix_pastes_a_box_and_tells_what_is_left(images: Tensor) -> None:
    others = images + 1
    found, shares = cutmix(images, others, rng=WrittenRng(0.63, 0.15, 0.55))
    expected = images.clone()
    expected[:, :, 0:4, 2:8] = others[[2, 1, 0], :, 0:4, 2:8]
    assert torch.equal(found, expected) and shares.tolist() == pytest.approx([0.76] * 3)


def test_it_holds_what_holds_of_every_mixture(images: Tensor) -> None:
    holds_of_every_mixture(cutmix, images)


def test_a_lambda_of_one_leaves_images_and_targets_as_they_are(images: Tensor) -> None:
    leaves_all_where_lambda_is_one(cutmix, images)


def test_lambda_is_as_large_as_the_papers_code_has_it() -> None:
    assert mean_lambda(cutmix) == pytest.approx(0.68, abs=0.03)
