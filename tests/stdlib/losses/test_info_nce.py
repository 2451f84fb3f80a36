"""InfoNCE, held against the numbers of MoCo, MoCo v3 and NNCLR on two written tables."""

import pytest
import torch
from worked import A, B, Q, double

from ssldsl.stdlib.losses.info_nce import info_nce


def test_with_a_queue_it_is_the_loss_of_moco() -> None:
    a = double(A).requires_grad_()
    loss = info_nce(a, double(B), double(Q), temperature=0.2)
    loss.backward()
    assert loss.item() == pytest.approx(0.5631045325, abs=1e-10)
    assert a.grad[0].tolist() == pytest.approx([0.0378861223, -0.1062114066, 0.0416096025], abs=1e-10)


@pytest.mark.parametrize(("temperature", "worked"), [(0.2, 0.0226767825), (1.0, 2.8024376839)])
def test_both_ways_and_times_twice_the_temperature_it_is_the_loss_of_moco_v3(temperature: float, worked: float) -> None:
    both = info_nce(double(A), double(B), temperature=temperature) + info_nce(
        double(B), double(A), temperature=temperature
    )
    assert 2 * temperature * both.item() == pytest.approx(worked, abs=1e-10)


def test_equal_keys_say_nothing() -> None:
    assert info_nce(torch.randn(5, 3), torch.ones(5, 3)).item() == pytest.approx(
        torch.tensor(5.0).log().item(), abs=1e-6
    )


def test_lengths_do_not_count() -> None:
    scaled = info_nce(3 * double(A), 0.1 * double(B), 7 * double(Q))
    assert scaled.item() == pytest.approx(info_nce(double(A), double(B), double(Q)).item(), abs=1e-12)
