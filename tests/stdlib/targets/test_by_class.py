import torch

from ssldsl.stdlib.targets.by_class import by_class


def test_every_row_has_the_value_of_its_class() -> None:
    found = by_class(torch.tensor([0.1, 0.2, 0.3]), torch.tensor([2, 0, 0, 1]))
    torch.testing.assert_close(found, torch.tensor([0.3, 0.1, 0.1, 0.2]))


def test_gradient_adds_up_over_the_rows_of_a_class() -> None:
    values = torch.zeros(3, requires_grad=True)
    by_class(values, torch.tensor([2, 0, 0])).sum().backward()
    assert values.grad is not None and values.grad.tolist() == [2.0, 0.0, 1.0]
