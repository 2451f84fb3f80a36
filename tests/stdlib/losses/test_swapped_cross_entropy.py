"""SwAV's and DINO's loss. Worked numbers were computed with NumPy in float64 and agree with the authors' codes."""

import math

import pytest
import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from ssldsl.stdlib.losses.soft_cross_entropy import soft_cross_entropy
from ssldsl.stdlib.losses.swapped_cross_entropy import swapped_cross_entropy
from ssldsl.stdlib.targets.probabilities import probabilities
from ssldsl.stdlib.targets.sinkhorn import sinkhorn


def double(rows: list[list[float]]) -> Tensor:
    return torch.tensor(rows, dtype=torch.float64)


FIRST = double([[0.9, 0.1, -0.2], [0.8, 0.3, 0], [0.7, 0.2, 0.1], [0.1, 0.6, 0.5]])
SECOND = double([[0.7, 0.2, -0.1], [0.6, 0.4, 0.1], [0.5, 0.3, 0.2], [0, 0.7, 0.4]])
SMALL = double([[0.6, 0.1, 0], [0.4, 0.5, 0.1], [0.2, 0.3, 0.4], [0.1, 0.4, 0.6]])


def test_two_views_have_the_worked_value() -> None:
    codes = [sinkhorn(FIRST), sinkhorn(SECOND)]
    assert swapped_cross_entropy([FIRST, SECOND], codes).mean().item() == pytest.approx(1.383252, abs=1e-6)


def test_a_small_crop_has_the_worked_value() -> None:
    codes = [sinkhorn(FIRST), sinkhorn(SECOND)]
    assert swapped_cross_entropy([FIRST, SECOND, SMALL], codes).mean().item() == pytest.approx(1.158341, abs=1e-6)


@pytest.mark.parametrize(
    ("assigned", "predicting", "expected"),
    [(FIRST, SECOND, 0.973445), (FIRST, SMALL, 0.937625), (SECOND, FIRST, 1.793059), (SECOND, SMALL, 0.929236)],
)
def test_every_pair_has_its_worked_value(assigned: Tensor, predicting: Tensor, expected: float) -> None:
    found = soft_cross_entropy(predicting, sinkhorn(assigned), temperature=0.1).mean()
    assert found.item() == pytest.approx(expected, abs=1e-6)


TEACHER = double([[0.5, 0.1, -0.2], [0.2, 0.6, 0], [0.4, 0.2, -0.1], [0.1, 0.5, 0.1]])
STUDENT = double([[0.4, 0, -0.1], [0.3, 0.5, 0.1], [0.5, 0.1, 0], [0, 0.4, 0.2], [0.3, 0.2, -0.3], [0.1, 0.3, 0]])
CENTER = double([[0.2, 0.1, -0.1]])


def test_a_teacher_with_a_center_has_the_worked_value() -> None:
    targets = probabilities(TEACHER - CENTER, temperature=0.04)
    found = swapped_cross_entropy(list(STUDENT.chunk(3)), list(targets.chunk(2))).mean()
    assert found.item() == pytest.approx(0.225073, abs=1e-6)


@pytest.mark.parametrize(
    ("view", "crop", "expected"), [(0, 1, 0.085110), (0, 2, 0.242943), (1, 0, 0.263476), (1, 2, 0.308761)]
)
def test_every_pair_of_teacher_and_student_has_its_worked_value(view: int, crop: int, expected: float) -> None:
    targets = probabilities(TEACHER - CENTER, temperature=0.04).chunk(2)[view]
    found = soft_cross_entropy(STUDENT.chunk(3)[crop], targets, temperature=0.1).mean()
    assert found.item() == pytest.approx(expected, abs=1e-6)


def test_value_and_gradient_are_those_of_the_sum_over_pairs() -> None:
    generator = torch.Generator().manual_seed(0)
    logits = [torch.randn(4, 5, generator=generator, dtype=torch.float64, requires_grad=True) for _ in range(5)]
    targets = [torch.randn(4, 5, generator=generator, dtype=torch.float64).softmax(dim=1) for _ in range(2)]
    pairs = [cross_entropy(logits[v] / 0.3, targets[i]) for i in range(2) for v in range(5) if v != i]
    expected = torch.stack(pairs).mean()
    found = swapped_cross_entropy(logits, targets, temperature=0.3).mean()
    torch.testing.assert_close(found, expected)
    torch.testing.assert_close(torch.autograd.grad(found, logits), torch.autograd.grad(expected, logits))


def test_a_view_learns_nothing_from_its_own_target() -> None:
    logits = [FIRST.clone().requires_grad_(), SECOND.clone().requires_grad_()]
    swapped_cross_entropy(logits, [sinkhorn(FIRST)]).mean().backward()
    assert logits[0].grad is not None and not logits[0].grad.any()
    assert logits[1].grad is not None and logits[1].grad.any()


def test_equal_scores_cost_the_logarithm_of_the_classes() -> None:
    scores = [torch.full((6, 7), 0.3)] * 3
    assert swapped_cross_entropy(scores, [sinkhorn(s) for s in scores[:2]]).mean().item() == pytest.approx(math.log(7))


def test_more_small_crops_of_the_same_images_keep_the_scale() -> None:
    codes = [sinkhorn(FIRST), sinkhorn(SECOND)]
    pairs = swapped_cross_entropy([FIRST, SECOND], codes).mean()
    alone = torch.stack([cross_entropy(SMALL / 0.1, q) for q in codes]).mean()
    for n in (1, 2, 8):  # 2 pairs of large crops, and 2 of every small one
        found = swapped_cross_entropy([FIRST, SECOND] + [SMALL] * n, codes).mean()
        torch.testing.assert_close(found, (pairs + n * alone) / (1 + n))


def test_a_single_view_is_refused() -> None:
    with pytest.raises(ValueError, match="1 targets for 1 views"):
        swapped_cross_entropy([FIRST], [sinkhorn(FIRST)])
