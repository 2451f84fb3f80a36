import torch

from ssldsl.stdlib.targets.centered import centered


def test_the_center_is_taken_from_every_row() -> None:
    found = centered(torch.tensor([[1.0, 2.0], [0.0, -1.0]]), torch.tensor([0.5, -1.0]))
    assert found.tolist() == [[0.5, 3.0], [-0.5, 0.0]]
