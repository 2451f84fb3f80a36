import torch

from ssldsl.stdlib.heads.l2norm import L2norm


def test_unit_rows_keep_their_direction() -> None:
    found = L2norm()(torch.tensor([[3.0, 4.0], [-1e-3, 0.0], [0.0, 0.0]]))
    torch.testing.assert_close(found, torch.tensor([[0.6, 0.8], [-1.0, 0.0], [0.0, 0.0]]))


def test_rows_below_the_floor_are_scaled_by_the_floor_alone() -> None:
    rows = torch.tensor([[3e-12, 4e-12], [3.0, 4.0]], dtype=torch.float64)
    expected = torch.stack([rows[0] / 1e-6, rows[1] / 5])  # z / sqrt(max(|z|^2, 1e-12))
    torch.testing.assert_close(L2norm(eps=1e-6)(rows), expected, atol=1e-12, rtol=0)
