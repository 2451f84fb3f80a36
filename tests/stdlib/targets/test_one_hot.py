import torch

from ssldsl.stdlib.targets.one_hot import one_hot

SETTINGS = {"classes": 5}  # with which the tests of all ops call it


def test_a_row_is_one_at_its_label() -> None:
    assert one_hot(torch.tensor([2, 0]), classes=3).tolist() == [[0, 0, 1], [1, 0, 0]]


def test_smoothing_spreads_over_all_classes() -> None:
    found = one_hot(torch.tensor([0, 1]), classes=2, smoothing=0.1)
    torch.testing.assert_close(found, torch.tensor([[0.95, 0.05], [0.05, 0.95]]))
