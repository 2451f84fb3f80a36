import pytest
import torch

from ssldsl.stdlib.targets.probabilities import probabilities


def test_the_softened_distribution_is_that_of_the_scores_divided() -> None:
    # e^(1/2), e^0 and e^(-1/2), over their sum
    found = probabilities(torch.tensor([[1.0, 0.0, -1.0]]), temperature=2.0)
    assert found[0].tolist() == pytest.approx([0.506480, 0.307196, 0.186324], abs=1e-6)
