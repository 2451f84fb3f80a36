import pytest
import torch

from ssldsl.stdlib.losses.weighted_mean import weighted_mean


def test_rows_count_by_their_weights() -> None:
    losses = torch.tensor([1.0, 2.0, 4.0], requires_grad=True)
    found = weighted_mean(losses, torch.tensor([1.0, 0.0, 0.5]))
    found.backward()
    assert found.item() == pytest.approx(2.0) and losses.grad.tolist() == pytest.approx([2 / 3, 0, 1 / 3])


def test_where_none_counts_it_is_nothing() -> None:
    losses = torch.tensor([1.0, 2.0], requires_grad=True)
    found = weighted_mean(losses, torch.zeros(2))
    found.backward()
    assert found.item() == 0 and losses.grad.tolist() == [0, 0]
