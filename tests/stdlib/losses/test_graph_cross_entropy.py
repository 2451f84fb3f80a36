"""CoMatch's contrast and what comes before it, held against worked numbers."""

import pytest
import torch
from worked import COMATCH, WEAK, double, unit

from ssldsl.stdlib.losses.graph_cross_entropy import graph_cross_entropy
from ssldsl.stdlib.losses.soft_cross_entropy import soft_cross_entropy
from ssldsl.stdlib.targets.label_graph import label_graph
from ssldsl.stdlib.targets.memory_smoothed import memory_smoothed
from ssldsl.stdlib.targets.soft_nearest_neighbors import soft_nearest_neighbors


def smoothed() -> torch.Tensor:
    p = double(WEAK).softmax(1)
    even = p / (p.mean(dim=0) / 4 + 1e-6)  # the first step of a window of four that begins with zeros
    even = even / even.sum(dim=1, keepdim=True)
    assert even[0].tolist() == pytest.approx([0.9555334610, 0.0230480216, 0.0214185174], abs=1e-10)
    votes = soft_nearest_neighbors(unit("weak"), unit("bank"), double(COMATCH["probs"]), temperature=0.2)
    return memory_smoothed(even, votes, torch.ones(()).double())


def test_smoothed_labels_and_their_graph_are_the_worked_ones() -> None:
    q = smoothed()
    assert q[0].tolist() == pytest.approx([0.9345934110, 0.0341504128, 0.0312561761], abs=1e-9)
    assert q[3].tolist() == pytest.approx([0.3168461266, 0.3771950336, 0.3059588398], abs=1e-9)
    graph = label_graph(q, threshold=0.3)
    assert graph[0].tolist() == pytest.approx([0.7583992115, 0, 0, 0.2416007885], abs=1e-9)
    assert graph[3].tolist() == pytest.approx([0.1597556400, 0.1826580952, 0.1561038312, 0.5014824336], abs=1e-9)
    strong = double([[2, 1, 0], [0, 1, 0.5], [0, 0, 2], [1, 0, 0]])
    masked = (q.amax(dim=1) >= 0.6) * soft_cross_entropy(strong, q)
    assert masked.mean().item() == pytest.approx(0.4652685174, abs=1e-9)


def test_the_contrast_and_its_gradient_are_the_worked_ones() -> None:
    rows = unit("strong").requires_grad_()
    loss = graph_cross_entropy(rows, unit("other"), label_graph(smoothed(), threshold=0.3), temperature=0.2).mean()
    loss.backward()
    assert loss.item() == pytest.approx(1.3546618601, abs=1e-9)
    slope = torch.tensor([-0.0446597241, 0.0841998849], dtype=torch.float64)
    along = unit("strong")[0]  # the sheet's rows are unit already; of directions the part along them is none
    torch.testing.assert_close(rows.grad[0], slope - (slope @ along) * along, atol=1e-8, rtol=0)
