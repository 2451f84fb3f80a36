"""The printed consistency loss against its worked numbers, and its gradient."""

import pytest
import torch
from two_stage_uc import PAIR, differences, gradient

from ssldsl.stdlib.losses.consistency_preserving import consistency_preserving


@pytest.mark.parametrize(("temperature", "expected"), [(0.5, 2.9782875705), (0.1, 0.2971596345)])
def test_the_sum_over_images_has_the_worked_value(temperature: float, expected: float) -> None:
    found = consistency_preserving(*PAIR, temperature=temperature).sum()
    assert found.item() == pytest.approx(expected, abs=1e-10)


def test_the_gradient_is_that_of_differences(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ssldsl.ops.contract.check_values", lambda *arguments: None)  # moved off the circle
    first = PAIR[0].clone().requires_grad_()
    found = gradient(consistency_preserving(first, PAIR[1], temperature=0.5).sum(), first)
    expected = differences(lambda z: consistency_preserving(z, PAIR[1], temperature=0.5).sum(), PAIR[0])
    torch.testing.assert_close(found, expected, atol=1e-8, rtol=1e-6)
