"""The decision map against a line that decides."""

import torch
from small_nets import FrozenOnly
from torch import Tensor

from ssldsl.stdlib.metrics.decision_map import decision_map

SAMPLES, LABELS = torch.tensor([[-1.0, 0.0], [1.0, 0.0]]), torch.tensor([0, 1])


def line(vectors: Tensor) -> Tensor:
    """Class 1 above x + y = 0."""
    return torch.stack([-vectors.sum(dim=1), vectors.sum(dim=1)], dim=1)


def test_every_place_of_the_grid_has_the_class_of_its_side_of_the_line() -> None:
    found = decision_map(SAMPLES, LABELS, FrozenOnly(line), cells=20)
    grid = found[found[:, 3] == 0]
    assert len(grid) == 400
    assert torch.equal(grid[:, 2] == 1, grid[:, :2].sum(dim=1) > 0)


def test_the_grid_is_a_square_with_a_margin_around_all_samples() -> None:
    found = decision_map(SAMPLES, LABELS, FrozenOnly(line), torch.tensor([[0.0, 3.0]]), cells=11, margin=0.25)
    grid = found[found[:, 3] == 0]
    assert grid.amin(dim=0)[:2].tolist() == [-2.25, -0.75] and grid.amax(dim=0)[:2].tolist() == [2.25, 3.75]
    assert grid[0, :2].tolist() == [-2.25, -0.75] and grid[1, 1] == -0.75  # line by line from below


def test_the_samples_are_marked_in_their_own_classes_and_others_in_none() -> None:
    found = decision_map(SAMPLES, LABELS, FrozenOnly(line), torch.tensor([[0.0, 0.5]]), cells=3)
    assert found[9:].tolist() == [[-1, 0, 0, 1], [1, 0, 1, 1], [0, 0.5, -1, 1]]
