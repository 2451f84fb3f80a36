import math

import pytest
import torch

from ssldsl.ops.contract import ContractError
from ssldsl.stdlib.targets.average_views import average_views

SETTINGS = {"n_views": 3}  # with which the tests of all ops call it

CERTAIN = torch.tensor([[4, 0, 0], [0, 1.9, 0], [0, 1.9, 0]], dtype=torch.float64)


def test_logits_are_averaged_as_in_the_moam_oracle() -> None:
    (found,) = average_views(CERTAIN, n_views=3)
    assert found.tolist() == pytest.approx([1.3333, 1.2667, 0.0], abs=5e-5)
    assert found.argmax() == 0


def test_probabilities_are_averaged_as_in_the_moam_oracle() -> None:
    (found,) = average_views(CERTAIN, n_views=3, of="probabilities")
    assert found.exp().tolist() == pytest.approx([0.3983, 0.5191, 0.0826], abs=5e-5)
    assert found.softmax(0).tolist() == pytest.approx(found.exp().tolist())
    assert found.argmax() == 1


def test_rows_of_a_sample_follow_one_another() -> None:
    scores = torch.tensor([[0.0, 2.0], [2.0, 0.0], [4.0, 4.0], [6.0, 8.0]])
    assert average_views(scores, n_views=2).tolist() == [[1.0, 1.0], [5.0, 6.0]]


def test_one_view_changes_nothing() -> None:
    scores = torch.randn(5, 4, dtype=torch.float64)
    torch.testing.assert_close(average_views(scores, n_views=1), scores)
    torch.testing.assert_close(average_views(scores, n_views=1, of="probabilities"), scores.log_softmax(1))


def test_a_constant_of_a_view_counts_in_logits_alone() -> None:
    scores, shift = torch.randn(6, 4, dtype=torch.float64), torch.tensor([[3.0], [0.0]]).repeat(3, 1)
    moved = average_views(scores + shift, n_views=2, of="probabilities")
    torch.testing.assert_close(moved, average_views(scores, n_views=2, of="probabilities"))
    torch.testing.assert_close(average_views(scores + shift, n_views=2), average_views(scores, n_views=2) + 1.5)


def test_probabilities_that_vanish_stay_finite() -> None:
    scores = torch.tensor([[1e4, 0.0], [1e4, 0.0]])
    assert average_views(scores, n_views=2, of="probabilities")[0].tolist() == [0.0, -1e4]


def test_gradients_match_finite_differences() -> None:
    scores = torch.randn(6, 3, dtype=torch.float64, requires_grad=True)
    for of in ("logits", "probabilities"):
        assert torch.autograd.gradcheck(lambda s, of=of: average_views(s, n_views=3, of=of), (scores,))


def test_half_precision_is_averaged_in_single() -> None:
    scores = torch.tensor([[1.0], [1.0078125], [1.0078125]], dtype=torch.bfloat16)
    assert average_views(scores, n_views=3).item() == pytest.approx((1 + 2 * 1.0078125) / 3, abs=1e-6)


def test_rows_that_views_do_not_divide_are_refused() -> None:
    with pytest.raises((ContractError, RuntimeError)):
        average_views(torch.zeros(7, 3), n_views=2)


def test_twenty_views_of_equal_scores_are_these_scores() -> None:
    scores = torch.full((20, 2), math.log(0.5), dtype=torch.float64)
    assert average_views(scores, n_views=20, of="probabilities")[0].exp().tolist() == pytest.approx([0.5, 0.5])
