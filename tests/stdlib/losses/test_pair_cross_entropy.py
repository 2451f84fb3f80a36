"""The pair loss against numbers worked out by hand, closed forms, and finite differences."""

import math

import pytest
import torch
from torch import Tensor

from ssldsl.stdlib.losses.pair_cross_entropy import pair_cross_entropy

P = torch.tensor([[0.9, 0.1], [0.2, 0.8], [0.6, 0.4]], dtype=torch.float64)
Q = torch.tensor([[0.7, 0.3], [0.1, 0.9], [0.5, 0.5]], dtype=torch.float64)
S = torch.tensor([[1, 0, 1], [0, 1, 0], [1, 0, 1]], dtype=torch.float64)


def test_the_loss_is_that_of_the_sheet() -> None:
    assert pair_cross_entropy(P, Q, S).item() == pytest.approx(0.5148289562, abs=1e-10)


@pytest.mark.parametrize(
    ("targets", "value"),
    [
        ([[0.75, 0.25, 1], [0.25, 0.75, 0], [0.75, 0.25, 1]], 0.6314476646),  # as intended
        ([[0.75, 0.25, 0.75], [0.25, 0.75, 0.25], [1, 0, 1]], 0.6180277773),  # transposed, as released
    ],
)
def test_soft_targets_of_composed_images_give_the_losses_of_the_sheet(targets: list[list[float]], value: float) -> None:
    assert pair_cross_entropy(P, Q, torch.tensor(targets, dtype=torch.float64)).item() == pytest.approx(
        value, abs=1e-10
    )


@pytest.mark.parametrize(("classes", "density", "value"), [(10, 0.115, 0.358), (20, 0.0555, 0.215)])
def test_uniform_predictions_cost_what_the_density_of_pairs_says(classes: int, density: float, value: float) -> None:
    uniform = torch.full((40, classes), 1 / classes, dtype=torch.float64)
    targets = torch.full((40, 40), density, dtype=torch.float64)
    expected = density * math.log(classes) + (1 - density) * math.log(classes / (classes - 1))
    assert expected == pytest.approx(value, abs=1e-3)
    assert pair_cross_entropy(uniform, uniform, targets).item() == pytest.approx(expected, abs=1e-5)


def test_one_cluster_for_all_costs_the_logarithm_of_epsilon_a_negative_pair() -> None:
    one = torch.tensor([[1.0, 0.0]] * 4, dtype=torch.float64)
    assert pair_cross_entropy(one, one, torch.zeros(4, 4, dtype=torch.float64)).item() == pytest.approx(
        16.118, abs=1e-3
    )


def test_the_gradient_is_that_of_finite_differences_on_both_sides() -> None:
    def loss(p: Tensor, q: Tensor) -> Tensor:
        return pair_cross_entropy(p.softmax(dim=1), q.softmax(dim=1), S)

    rows = [torch.randn(3, 2, dtype=torch.float64, generator=torch.Generator().manual_seed(i)) for i in range(2)]
    assert torch.autograd.gradcheck(loss, [row.requires_grad_() for row in rows])


def test_half_precision_is_computed_in_float32() -> None:
    half = pair_cross_entropy(P.half(), Q.half(), S.half())
    assert half.dtype == torch.float32 and half.item() == pytest.approx(0.5148, abs=2e-3)
