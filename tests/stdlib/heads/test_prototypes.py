"""Prototypes: cosines, rows of unit length when a step begins, and the gradient of a plain linear map."""

import torch
from torch import Tensor
from torch.nn import functional

from ssldsl.stdlib.heads.prototypes import Prototypes


def unit(rows: int, dim: int) -> Tensor:
    return functional.normalize(torch.randn(rows, dim, generator=torch.Generator().manual_seed(rows)), dim=-1)


def stretched() -> Prototypes:
    """Prototypes as an update leaves them: of any length."""
    head = Prototypes(4, 3)
    with torch.no_grad():
        head.map.weight.mul_(torch.tensor([[0.5], [2.0], [3.0]]))
    return head


def test_scores_are_cosines_once_a_step_has_begun() -> None:
    head, z = stretched(), unit(5, 4)
    expected = functional.cosine_similarity(z[:, None], head.map.weight.detach()[None], dim=-1)
    head.begin_step()
    torch.testing.assert_close(head(z).detach(), expected)


def test_evaluation_gives_cosines_and_leaves_the_rows_alone() -> None:
    head, z = stretched().eval(), unit(5, 4)
    before = head.map.weight.detach().clone()
    expected = functional.cosine_similarity(z[:, None], before[None], dim=-1)
    torch.testing.assert_close(head(z).detach(), expected)
    assert torch.equal(head.map.weight, before)


def test_the_gradient_is_that_of_a_linear_map() -> None:
    head, z = Prototypes(4, 3), unit(5, 4)
    (head(z) * torch.arange(15.0).view(5, 3)).sum().backward()
    torch.testing.assert_close(head.map.weight.grad, torch.arange(15.0).view(5, 3).T @ z)


def test_beginning_a_step_twice_is_beginning_it_once() -> None:
    head = stretched()
    head.begin_step()
    once = head.map.weight.detach().clone()
    head.begin_step()
    torch.testing.assert_close(head.map.weight.detach(), once)
    torch.testing.assert_close(once.norm(dim=1), torch.ones(3))
