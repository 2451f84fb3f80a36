import numpy as np
import pytest
import torch

from ssldsl.stdlib.losses.off_diagonal_covariance import off_diagonal_covariance


def test_it_is_what_numpy_has_beside_the_diagonal() -> None:
    rows = torch.randn(6, 4, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    covariance = np.cov(rows.numpy().T)
    off = (covariance**2).sum() - (np.diag(covariance) ** 2).sum()
    assert off_diagonal_covariance(rows).item() == pytest.approx(off / 4, abs=1e-12)


def test_the_gradient_is_that_of_finite_differences() -> None:
    rows = torch.randn(5, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(0), requires_grad=True)
    assert torch.autograd.gradcheck(off_diagonal_covariance, (rows,))
