"""SimMatch's instance targets, held against worked numbers."""

import pytest
import torch
from worked import WEAK, double, unit

from ssldsl.stdlib.losses.soft_cross_entropy import soft_cross_entropy
from ssldsl.stdlib.targets.cosine_scores import cosine_scores
from ssldsl.stdlib.targets.unfolded import unfolded

LABELS = torch.tensor([0, 1, 2, 0])


def test_instance_targets_and_their_loss_are_the_worked_ones() -> None:
    p = double(WEAK).softmax(1)
    even = p / (p.mean(dim=0) / 4 + 1e-6)  # the first step of a window of four that begins with zeros
    even = even / even.sum(dim=1, keepdim=True)
    bank = torch.nn.functional.normalize(double([[1, 0], [0, 1], [-1, 1], [1, 1]]), dim=1)
    near = (cosine_scores(unit("weak"), bank) / 0.1).softmax(dim=1)
    assert near[0].tolist() == pytest.approx([0.9492173240, 0.0000430944, 0.0000000366, 0.0507395450], abs=1e-9)
    target = unfolded(near, even, LABELS)
    assert target[0].tolist() == pytest.approx([0.9492572789, 0.0000010395, 0.0000000008, 0.0507416808], abs=1e-9)
    q = 0.9 * even + 0.1 * near @ torch.eye(3, dtype=torch.float64)[LABELS]
    assert q[0].tolist() == pytest.approx([0.9599758018, 0.0207475289, 0.0192766693], abs=1e-9)
    found = soft_cross_entropy(cosine_scores(unit("strong"), bank), target, temperature=0.1).mean()
    assert found.item() == pytest.approx(0.2231412738, abs=1e-9)


def test_a_support_of_one_class_is_left_as_it_is() -> None:
    near = torch.rand(3, 4).softmax(dim=1)
    torch.testing.assert_close(unfolded(near, torch.rand(3, 5).softmax(1), torch.full((4,), 2)), near)
