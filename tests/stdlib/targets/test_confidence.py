import pytest
import torch

from ssldsl.stdlib.targets.confidence import confidence

WEAK = torch.tensor([[4, 0, 0], [0, 2, 0], [1, 0, 3], [0.5, 0.4, 0.3]], dtype=torch.float64).softmax(1)


def test_the_largest_probability_of_every_row_is_that_of_the_worked_example() -> None:
    expected = [0.9646631560, 0.7869860422, 0.8437947345, 0.3671654011]
    assert confidence(WEAK).tolist() == pytest.approx(expected, abs=1e-9)


def test_certain_and_uniform_predictions_are_the_limits() -> None:
    assert confidence(torch.tensor([[1.0, 0.0, 0.0, 0.0], [0.25] * 4])).tolist() == [1.0, 0.25]


def test_the_order_of_classes_does_not_matter() -> None:
    assert confidence(WEAK.flip(1)).equal(confidence(WEAK))


def test_gradient_matches_finite_differences() -> None:
    scores = torch.randn(4, 5, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda z: confidence(z.softmax(1)), (scores,))
