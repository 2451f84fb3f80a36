import torch

from ssldsl.stdlib.targets.token_mean import token_mean


def test_the_mean_is_over_the_places() -> None:
    assert token_mean(torch.tensor([[[1.0, 2.0], [3.0, 8.0]]])).tolist() == [[2.0, 5.0]]
