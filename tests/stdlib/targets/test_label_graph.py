import torch

from ssldsl.stdlib.targets.label_graph import label_graph


def test_rows_of_two_certain_classes_are_two_blocks() -> None:
    found = label_graph(torch.eye(2)[[0, 1, 0, 0]])
    expected = torch.tensor([[1, 0, 1, 1], [0, 3, 0, 0], [1, 0, 1, 1], [1, 0, 1, 1]]) / 3
    torch.testing.assert_close(found, expected)


def test_a_row_that_is_like_no_other_stands_for_itself() -> None:
    assert torch.equal(label_graph(torch.full((3, 4), 0.25)), torch.eye(3))
