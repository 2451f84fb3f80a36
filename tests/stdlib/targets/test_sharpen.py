import pytest
import torch

from ssldsl.stdlib.targets.sharpen import sharpen


def test_two_averaged_guesses_are_sharpened_as_in_the_mixmatch_oracle() -> None:
    guesses = torch.tensor([[2, 1, 0], [0, 1, 0]], dtype=torch.float64).softmax(1)
    found = sharpen(guesses.mean(0, keepdim=True), temperature=0.5)
    assert found[0].tolist() == pytest.approx([0.5014582, 0.4391142, 0.0594276], abs=1e-7)


def test_temperature_one_changes_nothing() -> None:
    probs = torch.randn(4, 6, dtype=torch.float64).softmax(1)
    torch.testing.assert_close(sharpen(probs, temperature=1.0), probs)


def test_a_low_temperature_is_one_hot_without_vanishing() -> None:
    probs = torch.full((1, 1000), 0.9 / 999)
    probs[0, 3] = 0.1
    assert sharpen(probs, temperature=0.01)[0, 3].item() == pytest.approx(1.0)


def test_a_quarter_is_the_power_of_four_of_paws() -> None:
    guesses = torch.tensor([0.938271, 0.086730, 0.949896, 0.192502], dtype=torch.float64)
    found = sharpen(torch.stack([guesses, 1 - guesses], dim=1), temperature=0.25)[:, 0]
    assert found.tolist() == pytest.approx([0.999981, 0.000081, 0.999992, 0.003219], abs=1e-6)
