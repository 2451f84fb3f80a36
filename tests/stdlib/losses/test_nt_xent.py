"""NT-Xent and its decoupled form, held against worked numbers."""

import pytest
import torch
from worked import A, B, double

from ssldsl.stdlib.losses.nt_xent import nt_xent


@pytest.mark.parametrize(
    ("settings", "worked", "gradient"),
    [
        ({"temperature": 0.5}, 0.5378911221, [0.0231674832, -0.0574850359, 0.0291761900]),
        ({"temperature": 0.1}, 0.0008427627, None),
        ({"temperature": 0.1, "decoupled": True}, -7.4752880121, [0.4020811099, -1.2155006032, 0.3974524731]),
    ],
)
def test_two_written_views(settings: dict[str, object], worked: float, gradient: list[float] | None) -> None:
    a = double(A).requires_grad_()
    loss = nt_xent([a, double(B)], **settings)
    loss.backward()
    assert loss.item() == pytest.approx(worked, abs=1e-10)
    if gradient is not None:
        assert a.grad[0].tolist() == pytest.approx(gradient, abs=1e-9)


def test_of_three_views_it_is_the_mean_over_the_other_two() -> None:
    views = [double(A), double(B), double(A).flip(0)]
    rows = torch.nn.functional.normalize(torch.cat(views), dim=1)
    total, count = 0.0, 0
    for i in range(12):
        others = [j for j in range(12) if j != i]
        log_p = (rows[i] @ rows[others].T / 0.5).log_softmax(0)
        for j in (j for j in others if j % 4 == i % 4):
            total, count = total - log_p[others.index(j)].item(), count + 1
    assert nt_xent(views).item() == pytest.approx(total / count, abs=1e-12)


def test_one_view_is_refused() -> None:
    with pytest.raises(ValueError, match="at least two"):
        nt_xent([double(A)])
