"""Jigsaw and PIRL as definitions: losses of written features, by formulas written anew."""

import pytest
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, normalize
from worked import double, steps

from ssldsl.stdlib.targets.shuffled_patches import far_orders

HEAD = """ssl 1
data   images    = image_arrays("photos.npz", channels=1, height=8, width=8, classes=2)
stream labeled   = images.train.subset(100, seed=0)
stream unlabeled = unlabel(images.train.subset(6, seed=0))
net    encoder   = convnet(width=4)
head   classes   = linear(encoder.dim, 2)
batch = {labeled: 2, unlabeled: 4}
clock = unlabeled
forward = separate
run   = 5it
"""
BANK = [[1, 0], [0, 1], [-1, 0], [0.6, 0.8], [0.8, -0.6], [0, -1]]


class Sides(nn.Module):
    """What images, told from pieces by their size, are mapped to: one row for every image, and for every piece."""

    def __init__(self, images: Tensor, pieces: Tensor) -> None:
        super().__init__()
        self.images, self.pieces = images, pieces

    def forward(self, rows: Tensor) -> Tensor:
        return self.images if rows.shape[-1] == 8 else self.pieces


class Kept(nn.Module):
    """Remembers what came in, and gives a fixed map of it; as rows of length one for heads that end so."""

    def __init__(self, weight: Tensor, unit: bool = False) -> None:
        super().__init__()
        self.weight, self.unit, self.seen = weight, unit, torch.zeros(0)

    def forward(self, rows: Tensor) -> Tensor:
        self.seen = rows
        return normalize(rows @ self.weight, dim=1) if self.unit else rows @ self.weight


def test_jigsaw_asks_for_the_order_of_the_pieces() -> None:
    pieces = torch.arange(16 * 3).double().view(16, 3).sin().requires_grad_()
    order = Kept(torch.randn(12, 24, generator=torch.Generator().manual_seed(0)).double())
    modules = {"encoder": Sides(torch.zeros(4, 3), pieces), "jigsaw/order": order}
    found = next(steps(f"{HEAD}loss = jigsaw(unlabeled, 3, grid=2, orders=24)\n", [modules]))
    truth = []
    for row, joined in enumerate(order.seen.view(4, 4, 3)):
        own = pieces[4 * row : 4 * row + 4]
        truth.append(next(k for k, o in enumerate(far_orders(4, 24)) if torch.equal(own[list(o)], joined)))
    expected = cross_entropy(order.seen @ order.weight, torch.tensor(truth))
    assert found["loss"].item() == pytest.approx(expected.item(), abs=1e-9)
    found["loss"].backward()
    assert (pieces.grad.abs().sum(dim=1) > 0).all()


def test_pirl_finds_an_image_and_its_puzzle_in_the_bank() -> None:
    z = normalize(double([[2, 0.5], [0.3, 1], [-1, 0.2], [1, 1]]), dim=1).requires_grad_()
    pieces = torch.arange(16 * 2).double().view(16, 2).cos().requires_grad_()
    puzzle = Kept(torch.randn(8, 2, generator=torch.Generator().manual_seed(1)).double(), unit=True)
    modules = {"encoder": Sides(z, pieces), "pirl/puzzle/mlp_head": puzzle}
    bank = normalize(double(BANK), dim=1)
    term = "pirl(unlabeled, 3, grid=2, orders=24, dim=2, weight=0.3, temperature=0.5)"
    found = next(steps(f"{HEAD}loss = {term}\n", [modules], held={"pirl/past/bank.rows": bank}))
    own = torch.arange(4)
    image = cross_entropy(z @ bank.T / 0.5, own)
    shuffled = cross_entropy(normalize(puzzle.seen @ puzzle.weight, dim=1) @ bank.T / 0.5, own)
    assert found["image"].item() == pytest.approx(image.item(), abs=1e-9)
    assert found["puzzle"].item() == pytest.approx(shuffled.item(), abs=1e-9)
    assert found["loss"].item() == pytest.approx((0.3 * shuffled + 0.7 * image).item(), abs=1e-9)
    found["loss"].backward()
    slope = torch.autograd.grad(0.7 * cross_entropy(z @ bank.T / 0.5, own), z)[0]
    torch.testing.assert_close(z.grad, slope, atol=1e-9, rtol=0)
