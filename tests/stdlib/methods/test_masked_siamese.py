"""MSN and PMSN as definitions: worked numbers, and the formulas written anew for their gradients."""

import math

import pytest
import torch
from torch import Tensor
from torch.nn.functional import normalize
from worked import OTHER, A, B, double, of, steps, table

from ssldsl.stdlib.heads.cosine_prototypes import CosinePrototypes

W = [[1, 0.5, 0], [0, 1, -0.5], [-0.5, 0, 1], [-1, -0.5, -0.5]]
BALANCED = [[0.7821284471, 0.2178715529, 0, 0], [0, 0.7454526147, 0.2545473851, 0], [0, 0, 1, 0], [0, 0, 0, 1]]
TEXT = f"""ssl 1
data   images    = image_arrays("photos.npz", channels=1, height=8, width=8, classes=3)
stream unlabeled = unlabel(images.train.subset(4, seed=0))
net    encoder   = convnet(width=4)
head   projector = mlp_head(encoder.dim, hidden=[4], out=3)
head   clusters  = cosine_prototypes(3, 4)
net    online    = encoder >> projector
net    teacher   = ema(online, momentum=0.9)
let    other     = {OTHER.format("unlabeled")}
loss  = LOSS(online(unlabeled), teacher(other))
batch = {{unlabeled: 4}}
run   = 5it
"""


def found(loss: str) -> tuple[dict[str, Tensor], Tensor, CosinePrototypes]:
    rows, clusters = table(A, B), CosinePrototypes(3, 4).double()
    clusters.weight.data.copy_(double(W))
    tables = {"projector": rows, "teacher/projector": table(A, B), "clusters": clusters}
    return next(steps(TEXT.replace("LOSS", loss), [tables])), rows, clusters


def balanced(probs: Tensor) -> Tensor:
    """Three times columns and rows that sum to one, of a few rows."""
    for _ in range(3):
        probs = probs / probs.sum(dim=0)
        probs = probs / probs.sum(dim=1, keepdim=True)
    return probs


def by_hand(rows: Tensor, weight: Tensor) -> tuple[Tensor, Tensor]:
    """The cross-entropy with the targets, and the mean prediction."""
    told = (normalize(double(B), dim=1) @ normalize(weight, dim=1).T / 0.1).softmax(dim=1).detach() ** 4
    target = balanced(told / told.sum(dim=1, keepdim=True))
    torch.testing.assert_close(target, double(BALANCED), atol=3e-8, rtol=0)
    log_p = (normalize(rows, dim=1) @ normalize(weight, dim=1).T / 0.1).log_softmax(dim=1)
    return -(target * log_p).sum(dim=1).mean(), log_p.exp().mean(dim=0)


def test_msn_costs_what_was_worked_out() -> None:
    result, rows, clusters = found("msn")
    assert result["consistency"].item() == pytest.approx(0.5929988028, abs=1e-9)
    assert math.log(4) - result["me_max"].item() == pytest.approx(0.1322726309, abs=1e-9)
    assert result["loss"].item() + math.log(4) == pytest.approx(0.7252714336, abs=1e-9)
    z, w = double(A).requires_grad_(), double(W).requires_grad_()
    told, mean = by_hand(z, w)
    expected = torch.autograd.grad(told + (mean * mean.log()).sum(), [z, w])
    result["loss"].backward()
    torch.testing.assert_close([of(rows.grad), clusters.weight.grad], list(expected), atol=1e-10, rtol=0)


def test_pmsn_wants_a_long_tail() -> None:
    result, rows, clusters = found("pmsn")
    z, w = double(A).requires_grad_(), double(W).requires_grad_()
    told, mean = by_hand(z, w)
    q = torch.tensor([k**-0.25 for k in (1, 2, 3, 4)], dtype=torch.float64)
    tail = (q / q.sum() * (q / q.sum() / mean).log()).sum()
    assert tail.item() == pytest.approx(result["tail"].item(), abs=1e-10)
    assert result["loss"].item() == pytest.approx(0.7819687911, abs=1e-9)
    expected = torch.autograd.grad(told + tail, [z, w])
    result["loss"].backward()
    torch.testing.assert_close([of(rows.grad), clusters.weight.grad], list(expected), atol=1e-10, rtol=0)
