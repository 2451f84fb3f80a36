import pytest
import torch

from ssldsl.stdlib.heads.softmax import Softmax


def test_probabilities_are_those_of_the_scores() -> None:
    found = Softmax()(torch.tensor([[0.0, 0.0], [1e4, 0.0]]))
    assert found.flatten().tolist() == pytest.approx([0.5, 0.5, 1.0, 0.0])
