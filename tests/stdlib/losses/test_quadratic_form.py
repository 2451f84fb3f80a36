import torch

from ssldsl.stdlib.losses.quadratic_form import quadratic_form


def test_the_eigenvectors_of_a_matrix_cost_their_eigenvalues() -> None:
    matrix = torch.randn(4, 4, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    values, vectors = torch.linalg.eigh(matrix + matrix.T)
    torch.testing.assert_close(quadratic_form(vectors.T, matrix + matrix.T), values)


def test_the_gradient_is_that_of_finite_differences() -> None:
    rows = torch.randn(5, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(0), requires_grad=True)
    assert torch.autograd.gradcheck(lambda z: quadratic_form(z, torch.eye(3).double() + 1), (rows,))
