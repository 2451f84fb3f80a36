"""The Dirichlet prior against a worked example and its limits."""

import math

import pytest
import torch
from clustering import GAMMA, M, X

from ssldsl.stdlib.losses.clustering_module import clustering_module
from ssldsl.stdlib.losses.dirichlet_prior import dirichlet_prior

SETTINGS = {"alpha": [1.1]}  # with which the tests of all ops call it


def test_the_prior_is_that_of_the_worked_example() -> None:
    assert dirichlet_prior(GAMMA, alpha=[1.5]).item() == pytest.approx(1.6906973772, abs=1e-9)


def test_it_is_divided_by_the_rows_in_print_and_not_in_the_code() -> None:
    prior = dirichlet_prior(GAMMA, alpha=[1.5])
    assert (clustering_module(X, GAMMA, M).mean() + prior / 3).item() == pytest.approx(2.4302324591, abs=1e-9)
    released = clustering_module(X, GAMMA, M, mean="entries").mean() + prior
    assert released.item() == pytest.approx(2.6240307105, abs=1e-9)


def test_alpha_one_is_no_prior() -> None:
    assert dirichlet_prior(GAMMA, alpha=[1.0]).item() == 0


def test_clusters_of_equal_size_cost_least() -> None:
    equal = torch.full((4, 5), 0.2, dtype=torch.float64)
    assert dirichlet_prior(equal, alpha=[2.0]).item() == pytest.approx(5 * math.log(5), abs=1e-8)
    assert dirichlet_prior(GAMMA, alpha=[2.0]) > 3 * math.log(3)


def test_several_numbers_are_paired_with_the_clusters_by_size() -> None:
    shares = torch.tensor([[0.2, 0.5, 0.3]], dtype=torch.float64)
    expected = sum((1 - a) * math.log(g) for a, g in zip((1, 2, 4), (0.2, 0.3, 0.5), strict=True))
    for alpha in ([1.0, 2.0, 4.0], [4.0, 1.0, 2.0]):
        assert dirichlet_prior(shares, alpha=alpha).item() == pytest.approx(expected, abs=1e-8)


def test_the_gradient_is_that_of_finite_differences() -> None:
    logits = torch.randn(4, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(0)).requires_grad_()
    assert torch.autograd.gradcheck(lambda a: dirichlet_prior(a.softmax(dim=1), alpha=[1.5]), logits)


def test_a_number_for_each_of_other_clusters_is_refused() -> None:
    with pytest.raises(ValueError, match="`alpha` has 2 numbers for 3 clusters: write one, or 3"):
        dirichlet_prior(GAMMA, alpha=[1.0, 2.0])
