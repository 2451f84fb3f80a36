"""Soft targets of LSD-C: the numbers of the sheet."""

import pytest
import torch

from ssldsl.stdlib.losses.pair_cross_entropy import pair_cross_entropy
from ssldsl.stdlib.losses.squared_error import squared_error
from ssldsl.stdlib.targets.composed_pairs import composed_pairs
from ssldsl.stdlib.targets.knn_pairs import knn_pairs
from ssldsl.stdlib.targets.ricap import patch_sizes

D = torch.float64
P = torch.tensor([[0.9, 0.1], [0.2, 0.8], [0.6, 0.4]], dtype=D)
Q = torch.tensor([[0.7, 0.3], [0.1, 0.9], [0.5, 0.5]], dtype=D)
S = torch.tensor([[1, 0, 1], [0, 1, 0], [1, 0, 1]], dtype=D)
PARTNERS = torch.tensor([[0, 1], [1, 2], [2, 0]])
SHARES = torch.tensor([[0.75, 0.25]], dtype=D).expand(3, 2)


@pytest.mark.parametrize(
    ("transposed", "targets", "loss"),
    [
        (False, [[0.75, 0.25, 1], [0.25, 0.75, 0], [0.75, 0.25, 1]], 0.6314476646),
        (True, [[0.75, 0.25, 0.75], [0.25, 0.75, 0.25], [1, 0, 1]], 0.6180277773),
    ],
    ids=["intended", "released"],
)
def test_targets_and_loss_of_the_sheet(transposed: bool, targets: list[list[float]], loss: float) -> None:
    found = composed_pairs(S, PARTNERS, SHARES, transposed=transposed)
    assert found.tolist() == targets
    assert pair_cross_entropy(P, Q, found).item() == pytest.approx(loss, abs=1e-10)


def test_rows_that_are_made_of_themselves_alone_have_the_pairs_as_they_are() -> None:
    own = torch.arange(3).unsqueeze(1)
    assert torch.equal(composed_pairs(S, own, torch.ones(3, 1, dtype=D)), S)


# section 13.8
Z = torch.tensor([[0, 0], [0, 1], [2, 2], [2, 2.5]], dtype=D)
FOUR = torch.tensor([[0, 1, 0, 2], [1, 2, 1, 3], [2, 3, 2, 0], [3, 0, 3, 1]])
LOGITS = [
    torch.tensor([[2, 0, 0], [1, 0.5, 0], [0, 0, 2], [0, 1, 1]], dtype=D),
    torch.tensor([[1, 0, 0.5], [1, 0, 0], [0, 0, 1], [0.5, 0, 1]], dtype=D),
    torch.tensor([[1, 0.2, 0.5], [0.8, 0, 0], [0, 0, 1.2], [0.5, 0.1, 1]], dtype=D),
]


def test_the_whole_step_of_the_sheet() -> None:
    p, q, r = (logits.softmax(dim=1) for logits in LOGITS)
    pairs = knn_pairs(Z, k=3)
    areas = patch_sizes(32, 32, torch.tensor(0.7, dtype=D), torch.tensor(0.4, dtype=D)).prod(dim=1)
    shares = (areas / 1024).expand(4, 4)
    targets = composed_pairs(pairs, FOUR, shares)
    low, high = [0.814453, 0.6875, 0.185547, 0.3125], [0.185547, 0.3125, 0.814453, 0.6875]
    assert torch.allclose(targets, torch.tensor([low, low, high, high], dtype=D), atol=5e-7)
    agree = squared_error(q, r, over="mean").mean()
    found = [pair_cross_entropy(p, q, t).item() for t in (targets, targets.T, pairs)]
    assert found == pytest.approx([0.6793781958, 0.6723104577, 0.6041614625], abs=1e-9)
    assert agree.item() == pytest.approx(0.0007564988, abs=1e-10)
    assert found[0] + 1.4325239843 * agree.item() == pytest.approx(0.6804618986, abs=1e-9)
    assert found[1] + 1.4325239843 * agree.item() == pytest.approx(0.6733941604, abs=1e-9)


def test_gradients_are_those_of_finite_differences() -> None:
    shares = torch.full((4, 4), 0.25, dtype=D)

    def total(*logits: torch.Tensor) -> torch.Tensor:
        p, q, r = (each.softmax(dim=1) for each in logits)
        targets = composed_pairs(knn_pairs(Z, k=3), FOUR, shares)
        return pair_cross_entropy(p, q, targets) + 1.4 * squared_error(q, r, over="mean").mean()

    assert torch.autograd.gradcheck(total, [logits.clone().requires_grad_() for logits in LOGITS])
