"""The running center against worked numbers and its closed form."""

import pytest
import torch

from ssldsl.stdlib.memory.center import Center
from ssldsl.stdlib.targets.centered import centered
from ssldsl.stdlib.targets.probabilities import probabilities

TEACHER = [torch.tensor([[0.5, 0.1, -0.2], [0.2, 0.6, 0.0]]), torch.tensor([[0.4, 0.2, -0.1], [0.1, 0.5, 0.1]])]


def center(*values: float) -> Center:
    made = Center(len(values))
    made.value.copy_(torch.tensor(values))
    return made


def test_the_center_moves_towards_the_mean_of_all_views_after_it_was_used() -> None:
    running = center(0.2, 0.1, -0.1)
    torch.testing.assert_close(running(), torch.tensor([0.2, 0.1, -0.1]))
    running.commit(TEACHER)
    torch.testing.assert_close(running(), torch.tensor([0.21, 0.125, -0.095]))


def test_centered_and_sharpened_scores_are_the_worked_targets() -> None:
    c = center(0.2, 0.1, -0.1)()
    found = torch.cat([probabilities(centered(t, c), temperature=0.04) for t in TEACHER])
    expected = [
        [0.999402, 0.000553, 0.000045],
        [0.000004, 0.999951, 0.000045],
        [0.918423, 0.075389, 0.006188],
        [0.000004, 0.993303, 0.006693],
    ]
    torch.testing.assert_close(found, torch.tensor(expected), atol=1e-6, rtol=0)


def test_a_constant_is_reached_at_the_rate_of_the_momentum() -> None:
    running, t = Center(2), torch.tensor([[1.0, -2.0]])
    for _ in range(5):
        running.commit([t])
    torch.testing.assert_close(running(), t[0] * (1 - 0.9**5))


@pytest.mark.parametrize(("momentum", "expected"), [(0.0, 3.0), (1.0, 0.0)])
def test_the_limits_copy_and_stand_still(momentum: float, expected: float) -> None:
    running = Center(1, momentum=momentum)
    running.commit([torch.tensor([[2.0], [4.0]])])
    assert running.value.item() == expected


def test_scores_in_sixteen_bits_are_averaged_in_thirty_two() -> None:
    running = Center(1, momentum=0.0)
    running.commit([torch.full((3000, 1), 0.1, dtype=torch.bfloat16)])
    assert running.value.dtype == torch.float32
    assert running.value.item() == torch.tensor(0.1, dtype=torch.bfloat16).item()


def test_nothing_of_it_can_be_trained() -> None:
    assert list(Center(3).parameters()) == []
