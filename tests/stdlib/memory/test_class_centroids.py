"""Class centroids against worked tables of three rules, and against means by hand."""

import pytest
import torch
from torch import Tensor

from ssldsl.stdlib.memory.class_centroids import ClassCentroids

SETTINGS = {"classes": 5}  # with which the tests of all ops call it
BATCHES = [
    ([[2.0, 0.0], [4.0, 0.0], [0.0, 6.0]], [0, 0, 1]),
    ([[1.0, 1.0], [3.0, 1.0], [2.0, 4.0]], [0, 0, 0]),
    ([[0.0, 3.0], [0.0, 9.0], [6.0, 0.0]], [1, 1, 0]),
]
TABLE = {
    "printed": [[[2, 0], [0, 2]], [[2, 1], [0, 1]], [[2, 2 / 3], [0, 2]]],
    "released": [[[3, 0], [0, 6]], [[2.5, 1], [0, 6]], [[11 / 3, 2 / 3], [0, 6]]],
    "batches": [[[3, 0], [0, 6]], [[2.5, 1], [0, 6]], [[11 / 3, 2 / 3], [0, 6]]],
    "samples": [[[3, 0], [0, 6]], [[2.4, 1.2], [0, 6]], [[3, 1], [0, 6]]],
}


def centroids(rule: str, classes: int = 2, dim: int = 2) -> ClassCentroids:
    return ClassCentroids(dim, classes=classes, rule=rule).double()  # type: ignore[arg-type]  # of a table


def rows(batch: tuple[list[list[float]], list[int]]) -> tuple[Tensor, Tensor]:
    return torch.tensor(batch[0], dtype=torch.float64), torch.tensor(batch[1])


@pytest.mark.parametrize("rule", TABLE)
def test_the_centroids_are_those_of_the_worked_table(rule: str) -> None:
    memory = centroids(rule)
    for batch, expected in zip(BATCHES, TABLE[rule], strict=True):
        torch.testing.assert_close(memory(*rows(batch)), torch.tensor(expected, dtype=torch.float64))
        memory.commit(*rows(batch))


@pytest.mark.parametrize(
    ("rule", "expected"), [("released", [2, 3, 3.6, 3.9]), ("batches", [6, 6, 6, 6]), ("samples", [6, 6, 6, 6])]
)
def test_a_class_that_comes_late_starts_short_only_where_one_counter_serves_all(
    rule: str, expected: list[float]
) -> None:
    """Class 1 lies at 6 and is first seen at step 3, then at 4, 5 and 8."""
    memory, found = centroids(rule, dim=1), []
    for step in range(1, 9):
        batch = torch.tensor([[6.0]], dtype=torch.float64), torch.tensor([int(step in (3, 4, 5, 8))])
        memory.commit(*batch)
        found += [memory.value[1].item()] if batch[1].item() else []
    assert found == pytest.approx(expected)


def test_what_is_read_is_what_is_then_written() -> None:
    memory = centroids("released")
    for batch in BATCHES:
        read = memory(*rows(batch))
        memory.commit(*rows(batch))
        assert torch.equal(read, memory.value)


@pytest.mark.parametrize("rule", TABLE)
def test_the_order_of_rows_does_not_matter(rule: str) -> None:
    features, labels = rows(BATCHES[0])
    torch.testing.assert_close(centroids(rule)(features.flip(0), labels.flip(0)), centroids(rule)(features, labels))


def test_a_class_without_a_row_stays_at_zero() -> None:
    memory = centroids("batches", classes=3)
    for batch in BATCHES:
        memory.commit(*rows(batch))
    assert memory.value[2].tolist() == [0, 0] and memory.count.tolist() == [3, 2, 0]


@pytest.mark.parametrize("rule", TABLE)
def test_what_is_saved_goes_on_as_if_nothing_had_been(rule: str) -> None:
    whole, first, second = (centroids(rule) for _ in range(3))
    for batch in BATCHES:
        whole.commit(*rows(batch))
    first.commit(*rows(BATCHES[0]))
    second.load_state_dict(first.state_dict())
    for batch in BATCHES[1:]:
        second.commit(*rows(batch))
    assert all(torch.equal(whole.state_dict()[name], second.state_dict()[name]) for name in whole.state_dict())


def test_nothing_of_it_can_be_trained_and_nothing_carries_gradient() -> None:
    memory = centroids("released")
    features, labels = rows(BATCHES[0])
    assert list(memory.parameters()) == [] and not memory(features.requires_grad_(), labels).requires_grad
