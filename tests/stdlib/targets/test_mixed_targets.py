import pytest
import torch

from ssldsl.stdlib.losses.soft_cross_entropy import soft_cross_entropy
from ssldsl.stdlib.targets.mixed_targets import mixed_targets
from ssldsl.stdlib.targets.one_hot import one_hot


def test_labels_are_mixed_with_those_of_the_batch_from_its_end() -> None:
    labels = one_hot(torch.tensor([0, 1, 2]), classes=4)
    expected = torch.tensor([[0.7, 0, 0.3, 0], [0, 1, 0, 0], [0.3, 0, 0.7, 0]])
    torch.testing.assert_close(mixed_targets(labels, labels, torch.full((3,), 0.7)), expected)


def test_assignments_of_two_views_have_the_worked_values() -> None:
    first = [[0.998857, 0.001119, 0.000024], [0.684206, 0.309154, 0.006640], [0.504622, 0.228011, 0.267367],
             [0.000000, 0.460276, 0.539724]]  # fmt: skip
    second = [[0.999109, 0.000655, 0.000236], [0.735405, 0.194503, 0.070091], [0.154602, 0.040890, 0.804508],
              [0, 0.735099, 0.264901]]  # fmt: skip
    expected = [[0.699200, 0.221313, 0.079487], [0.525325, 0.228675, 0.246000], [0.573857, 0.217958, 0.208184],
                [0.299733, 0.322390, 0.377877]]  # fmt: skip
    found = mixed_targets(torch.tensor(first), torch.tensor(second), torch.full((4,), 0.7))
    torch.testing.assert_close(found, torch.tensor(expected), atol=2e-6, rtol=0)
    scores = torch.tensor([[0.5, 0.3, 0.2], [0.6, 0.3, 0.1], [0.5, 0.4, 0.1], [0.5, 0.2, 0.2]])
    assert soft_cross_entropy(scores, found, temperature=0.1).mean().item() == pytest.approx(1.598732, abs=5e-6)
