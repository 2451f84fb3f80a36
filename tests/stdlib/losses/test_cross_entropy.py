import math

import pytest
import torch

from ssldsl.stdlib.losses.cross_entropy import cross_entropy


def rotation_logits(rows: int, a: int, b: int) -> torch.Tensor:
    return torch.tensor([[((a * i + b * j) % 7) / 2 for j in range(4)] for i in range(rows)], dtype=torch.float64)


def test_uniform_scores_cost_the_logarithm_of_the_number_of_classes() -> None:
    assert cross_entropy(torch.zeros(3, 10), torch.tensor([0, 4, 9])).mean().item() == pytest.approx(math.log(10))


@pytest.mark.parametrize(("rows", "a", "b", "expected"), [(8, 3, 5, 2.1434867285), (4, 5, 3, 2.4485837755)])
def test_rotation_losses_are_those_of_the_s4l_oracle(rows: int, a: int, b: int, expected: float) -> None:
    labels = torch.arange(4).repeat(rows // 4)
    assert cross_entropy(rotation_logits(rows, a, b), labels).mean().item() == pytest.approx(expected, abs=1e-9)


def test_class_loss_over_four_rotations_is_that_of_the_s4l_oracle() -> None:
    logits = torch.tensor([[((2 * i + 5 * j) % 7) / 2 for j in range(3)] for i in range(4)], dtype=torch.float64)
    assert cross_entropy(logits, torch.full((4,), 2)).mean().item() == pytest.approx(1.6132797151, abs=1e-9)


def test_smoothing_spreads_over_all_classes() -> None:
    # (1 - s) * 0.6 + s * (0.6 + 2 * 2.6) / 3 with log-probabilities -0.6 and -2.6 up to the normalizer
    logits = torch.tensor([[2.0, 0.0, 0.0]], dtype=torch.float64)
    log_p = [-math.log(1 + 2 * math.exp(-2)), -2 - math.log(1 + 2 * math.exp(-2))]
    expected = -(0.7 * log_p[0] + 0.3 * (log_p[0] + 2 * log_p[1]) / 3)
    assert cross_entropy(logits, torch.tensor([0]), smoothing=0.3).mean().item() == pytest.approx(expected)


def test_temperature_divides_the_scores() -> None:
    logits, labels = torch.randn(4, 3), torch.tensor([0, 1, 2, 0])
    assert cross_entropy(logits, labels, temperature=0.1).tolist() == cross_entropy(logits / 0.1, labels).tolist()


def test_gradient_matches_finite_differences() -> None:
    logits = torch.randn(3, 5, dtype=torch.float64, requires_grad=True)
    labels = torch.tensor([0, 2, 4])
    assert torch.autograd.gradcheck(lambda z: cross_entropy(z, labels, smoothing=0.1, temperature=0.5), (logits,))


def test_scores_beyond_the_range_of_exponentials_are_fine() -> None:
    assert cross_entropy(torch.tensor([[1e4, 0.0]]), torch.tensor([1])).mean().item() == 1e4


@pytest.mark.parametrize(("classes", "floor"), [(1000, 0.04436), (100, 0.00448)])
def test_cosines_at_a_temperature_of_a_tenth_have_a_floor(classes: int, floor: float) -> None:
    logits = torch.zeros(1, classes, dtype=torch.float64)
    logits[0, 3] = 1.0
    assert cross_entropy(logits, torch.tensor([3]), temperature=0.1).mean().item() == pytest.approx(floor, abs=1e-5)


@pytest.mark.parametrize(("classes", "low", "high"), [(1000, 7.22, 7.32), (100, 4.85, 5.0)])
def test_random_prototypes_cost_more_than_the_logarithm_of_the_classes(classes: int, low: float, high: float) -> None:
    generator = torch.Generator().manual_seed(0)
    z, w = (torch.nn.functional.normalize(torch.randn(n, 128, generator=generator), dim=1) for n in (4096, classes))
    labels = torch.randint(classes, (4096,), generator=generator)
    assert low < cross_entropy(z @ w.T, labels, temperature=0.1).mean().item() < high
