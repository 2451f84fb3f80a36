"""The queue against the worked numbers of a slow one in the head: what comes in, what falls out, when it is ready."""

import pytest
import torch
from torch import Tensor

from ssldsl.stdlib.memory.queue import Queue

SETTINGS = {"length": 12}  # with which the tests of all ops call it


def filled(queue: Queue, *steps: list[float]) -> list[tuple[list[float], float]]:
    """What the queue holds before every step, and after the last; rows of one number."""
    seen = []
    for rows in [*steps, None]:
        past = queue()
        seen.append((past.rows.flatten().tolist(), past.ready.item()))
        if rows is not None:
            queue.commit(torch.tensor(rows)[:, None])
    return seen


def numbers(step: int) -> list[float]:
    """Step t brings 10 t + 1 and 10 t + 2."""
    return [10.0 * step + 1, 10.0 * step + 2]


@pytest.fixture(autouse=True)
def _rows_need_no_unit_length(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ssldsl.ops.contract.check_values", lambda *arguments: None)


def test_rows_come_in_at_the_front_and_are_used_once_all_are_filled() -> None:
    assert filled(Queue(torch.empty(1), length=4), numbers(1), numbers(2), numbers(3)) == [
        ([0, 0, 0, 0], 0),
        ([11, 12, 0, 0], 0),
        ([21, 22, 11, 12], 1),
        ([31, 32, 21, 22], 1),
    ]


def test_a_queue_that_starts_later_is_ready_as_if_it_had_been_made_then() -> None:
    seen = filled(Queue(torch.empty(1), length=4, start=3.0), *map(numbers, range(1, 7)))
    assert [ready for _, ready in seen] == [0, 0, 0, 0, 0, 1, 1]
    assert seen[5][0] == [51, 52, 41, 42]


def test_rows_that_do_not_divide_the_length_fall_off_its_end() -> None:
    assert filled(Queue(torch.empty(1), length=5), *map(numbers, (1, 2, 3)))[-1] == ([31, 32, 21, 22, 11], 1)


def test_reading_changes_nothing_and_what_is_written_carries_no_gradient() -> None:
    queue = Queue(torch.empty(3), length=4)
    z = torch.nn.functional.normalize(torch.randn(2, 3), dim=-1).requires_grad_()
    before = {name: tensor.clone() for name, tensor in queue.state_dict().items()}
    queue()
    assert all(torch.equal(before[name], tensor) for name, tensor in queue.state_dict().items())
    queue.commit(z)
    assert not queue().rows.requires_grad and torch.equal(queue().rows[:2], z)


def test_what_is_saved_in_the_middle_goes_on_as_if_nothing_had_been() -> None:
    def after(first: Queue, second: Queue, *rows: Tensor) -> dict[str, Tensor]:
        first.commit(rows[0])
        second.load_state_dict(first.state_dict())
        second.commit(rows[1])
        return dict(second.state_dict())

    rows = torch.randn(2, 2, 3)
    queue = Queue(torch.empty(3), length=6, start=1.0)
    broken, whole = (
        after(queue, Queue(torch.empty(3), length=6, start=1.0), *rows),
        after(*[Queue(torch.empty(3), length=6, start=1.0)] * 2, *rows),
    )
    assert all(torch.equal(broken[name], whole[name]) for name in whole)


def test_nothing_of_it_can_be_trained() -> None:
    assert list(Queue(torch.empty(3), length=4).parameters()) == []


def test_a_batch_that_is_longer_is_refused() -> None:
    with pytest.raises(ValueError, match="queue length 4 is shorter than the batch 6"):
        Queue(torch.empty(1), length=4).commit(torch.ones(6, 1))


def test_a_queue_of_probabilities_may_begin_with_the_uniform_distribution() -> None:
    queue = Queue(torch.empty(4), length=3, uniform_start=True)
    queue.commit(torch.tensor([[1.0, 0, 0, 0]]))
    assert queue().rows.tolist() == [[1, 0, 0, 0], [0.25] * 4, [0.25] * 4] and queue().ready.item() == 0
