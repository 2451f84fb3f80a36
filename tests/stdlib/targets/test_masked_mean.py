import torch

from ssldsl.stdlib.targets.masked_mean import masked_mean


def test_the_mean_is_over_the_masked_places_of_a_row() -> None:
    losses = torch.tensor([[1.0, 2.0, 4.0], [3.0, 5.0, 9.0]])
    assert masked_mean(losses, torch.tensor([[1.0, 0.0, 1.0], [0.0, 1.0, 0.0]])).tolist() == [2.5, 5.0]


def test_a_row_without_masked_places_has_no_loss() -> None:
    assert masked_mean(torch.ones(1, 3), torch.zeros(1, 3)).tolist() == [0.0]
