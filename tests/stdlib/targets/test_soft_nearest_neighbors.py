"""PAWS. Worked numbers were computed with NumPy in float64 and agree with the authors' code."""

import pytest
import torch
from paws_numbers import guesses
from torch.nn.functional import cosine_similarity

from ssldsl.stdlib.targets.soft_nearest_neighbors import soft_nearest_neighbors


def test_the_support_gives_the_worked_assignments() -> None:
    found = torch.cat(guesses())[:, 0].tolist()
    assert found == pytest.approx([0.949896, 0.192502, 0.938271, 0.086730, 0.941121, 0.301440], abs=1e-6)


def test_assignments_and_their_gradients_are_those_of_the_sum_over_the_support() -> None:
    generator = torch.Generator().manual_seed(0)
    rows, support = (torch.randn(n, 4, generator=generator, dtype=torch.float64, requires_grad=True) for n in (3, 6))
    labels = torch.randn(6, 5, generator=generator, dtype=torch.float64).softmax(dim=1)
    alike = torch.stack([(cosine_similarity(row, support, dim=1) / 0.2).exp() for row in rows])
    expected = torch.stack([(a.unsqueeze(1) * labels).sum(dim=0) / a.sum() for a in alike])
    found = soft_nearest_neighbors(rows, support, labels, temperature=0.2)
    torch.testing.assert_close(found, expected)
    weights = torch.randn(3, 5, generator=generator, dtype=torch.float64)
    for one, other in zip(
        torch.autograd.grad((found * weights).sum(), (rows, support)),
        torch.autograd.grad((expected * weights).sum(), (rows, support)),
        strict=True,
    ):
        torch.testing.assert_close(one, other)
