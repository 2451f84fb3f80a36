"""The reconstruction against a worked example."""

import torch
from clustering import GAMMA, M

from ssldsl.stdlib.targets.reconstruction import reconstruction


def test_the_means_are_those_of_the_worked_example() -> None:
    expected = torch.tensor([[0.3, 0.5], [0, 0.9], [-0.25, 0.75]], dtype=torch.float64)
    torch.testing.assert_close(reconstruction(GAMMA, M), expected)


def test_one_cluster_for_certain_is_its_centroid() -> None:
    assert torch.equal(reconstruction(torch.eye(3), M.float()), M.float())


def test_the_gradient_is_that_of_finite_differences() -> None:
    assert torch.autograd.gradcheck(reconstruction, (GAMMA.clone().requires_grad_(), M.clone().requires_grad_()))
