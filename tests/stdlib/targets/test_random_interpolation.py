import pytest
import torch

from ssldsl.ops.random import Rows, SampleRng
from ssldsl.stdlib.targets.random_interpolation import random_interpolation


def rng(rows: int) -> SampleRng:
    return SampleRng(
        7, Rows(torch.arange(rows), torch.zeros(rows, dtype=torch.int64), torch.zeros(rows, dtype=torch.int64))
    )


def test_scores_lie_evenly_between_both_and_are_drawn_apart() -> None:
    found = random_interpolation(torch.zeros(4000, 2), torch.tensor([[1.0, -2.0]]).expand(4000, -1), rng=rng(4000))
    share = found / torch.tensor([1.0, -2.0])
    assert share.min() >= 0 and share.max() <= 1
    assert share.mean().item() == pytest.approx(0.5, abs=0.02) and share.var().item() == pytest.approx(
        1 / 12, abs=0.004
    )
    assert abs(torch.corrcoef(share.T)[0, 1].item()) < 0.06


def test_the_gradient_reaches_both_by_their_shares() -> None:
    logits, others = (torch.zeros(3, 2, requires_grad=True) for _ in range(2))
    random_interpolation(logits, others, rng=rng(3)).sum().backward()
    torch.testing.assert_close(logits.grad + others.grad, torch.ones(3, 2))


def test_the_worked_shares_give_the_worked_scores() -> None:
    class Written(SampleRng):
        def uniform(self, *shape: int, low: float = 0.0, high: float = 1.0) -> torch.Tensor:
            return torch.tensor([[0.5, 0.25, 0], [0.25, 0.25, 0.25]])

    joint = torch.tensor([[2.0, 0, 1], [0, 1, 0]])
    alone = joint + torch.tensor([[0.5, 0, 0], [0, 0, 0.5]])
    found = random_interpolation(joint, alone, rng=Written(0, rng(2).rows))
    assert found.tolist() == [[2.25, 0, 1], [0, 1, 0.125]]
