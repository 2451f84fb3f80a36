import pytest
from worked import double

from ssldsl.stdlib.losses.cosine_repulsion import cosine_repulsion


def test_two_written_views() -> None:
    weak = double([[1, 0], [0, 1], [1, 1], [1, -1]]).requires_grad_()
    strong = double([[1, 1], [0, -2], [2, 1], [1, 0]]).requires_grad_()
    loss = (double([[1, 1, 1, 0]])[0] * cosine_repulsion(strong, weak)).mean()
    loss.backward()
    assert loss.item() == pytest.approx(0.4139475198, abs=1e-10)
    assert weak.grad[[0, 2]].flatten().tolist() == pytest.approx(
        [0, 0.1767766953, 0.0395284708, -0.0395284708], abs=1e-10
    )
    assert strong.grad[[0, 2]].flatten().tolist() == pytest.approx(
        [0.0883883476, -0.0883883476, -0.0158113883, 0.0316227766], abs=1e-10
    )
