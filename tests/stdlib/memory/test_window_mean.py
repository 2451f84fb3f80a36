"""The mean over a window of steps, with and without the step itself."""

import pytest
import torch

from ssldsl.stdlib.memory.window_mean import WindowMean

MEANS = [0.1, 0.3, 0.8, 0.6]  # of the first class, in four steps


def readings(**settings: object) -> list[float]:
    memory = WindowMean(torch.empty(2), length=2, **settings)
    found = []
    for mean in MEANS:
        rows = [torch.tensor([[mean - 0.1, 1.1 - mean], [mean + 0.1, 0.9 - mean]])]
        found.append(memory(rows)[0].item())
        memory.commit(rows)
    return found


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({}, [0.3, 0.2, 0.55, 0.7]),
        ({"includes_step": False}, [0.5, 0.3, 0.2, 0.55]),
        ({"uniform_start": False}, [0.1, 0.2, 0.55, 0.7]),
        ({"uniform_start": False, "includes_step": False}, [0.1, 0.1, 0.2, 0.55]),
    ],
)
def test_a_window_of_two_steps(settings: dict[str, object], expected: list[float]) -> None:
    assert readings(**settings) == pytest.approx(expected, abs=1e-6)


def test_rows_without_classes_have_no_uniform_start() -> None:
    with pytest.raises(ValueError, match="uniform_start"):
        WindowMean(torch.empty(()), length=2)
