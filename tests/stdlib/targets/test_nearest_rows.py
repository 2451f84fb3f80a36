import torch
from worked import A, B, Q, double

from ssldsl.stdlib.targets.nearest_rows import nearest_rows


def test_neighbors_of_two_written_views() -> None:
    for rows, expected in ((A, [0, 1, 4, 4]), (B, [0, 2, 4, 4])):
        torch.testing.assert_close(nearest_rows(double(rows), double(Q)), double(Q)[expected])


def test_they_have_unit_length_whatever_the_support_has() -> None:
    found = nearest_rows(double(A), 5 * double(Q))
    torch.testing.assert_close(found.norm(dim=1), torch.ones(4, dtype=torch.float64))


def test_rows_of_an_empty_queue_are_nearest_to_none_that_has_one() -> None:
    support = torch.cat([torch.zeros(3, 3).double(), double(A)[:1]])
    torch.testing.assert_close(
        nearest_rows(double(A)[:1], support), torch.nn.functional.normalize(double(A)[:1], dim=1)
    )
