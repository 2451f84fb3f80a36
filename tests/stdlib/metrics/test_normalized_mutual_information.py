import math

import pytest
import torch

from ssldsl.stdlib.metrics.normalized_mutual_information import normalized_mutual_information


def test_the_example_of_the_book_comes_out() -> None:
    # Manning et al. 2008, fig. 16.4 and table 16.2: NMI 0.36
    clusters = torch.tensor([0] * 6 + [1] * 6 + [2] * 5)
    labels = torch.tensor([0, 0, 0, 0, 0, 1, 0, 1, 1, 1, 1, 2, 0, 0, 2, 2, 2])
    assert normalized_mutual_information(torch.eye(3)[clusters], labels) == pytest.approx(0.36, abs=0.005)


@pytest.mark.parametrize(
    ("average", "mean"), [("arithmetic", 1.5), ("geometric", math.sqrt(2)), ("min", 1), ("max", 2)]
)
def test_halves_of_quarters_share_one_bit(average: str, mean: float) -> None:
    logits = torch.eye(4)[torch.arange(16) % 4]
    found = normalized_mutual_information(logits, torch.arange(16) % 2, average=average)
    assert found == pytest.approx(1 / mean)


def test_one_cluster_tells_nothing() -> None:
    assert normalized_mutual_information(torch.zeros(6, 3), torch.arange(6) % 2) == 0
