"""Profiles by the covariance against the rows of similarities themselves, in products and in gradient."""

import torch
from torch.nn.functional import normalize
from two_stage_uc import BANK, ROWS, gradient

from ssldsl.stdlib.targets.bank_profiles import bank_profiles


def test_inner_products_are_those_of_the_rows_of_similarities() -> None:
    found, whole = bank_profiles(ROWS, BANK), normalize(ROWS @ BANK.T, dim=1)
    torch.testing.assert_close(found @ found.T, whole @ whole.T, atol=1e-12, rtol=0)


def test_gradients_of_inner_products_are_the_same() -> None:
    found = []
    for profile in (lambda z: bank_profiles(z, BANK), lambda z: normalize(z @ BANK.T, dim=1)):
        rows = ROWS.clone().requires_grad_()
        products = profile(rows) @ profile(ROWS).T
        found.append(gradient((products * torch.arange(16.0).reshape(4, 4)).sum(), rows))
    torch.testing.assert_close(*found, atol=1e-10, rtol=0)


def test_a_bank_that_spans_fewer_dimensions_gives_finite_profiles() -> None:
    flat = torch.zeros(5, 3)
    flat[:, :2] = BANK.float()
    assert bank_profiles(normalize(torch.rand(4, 3), dim=1), flat).isfinite().all()
