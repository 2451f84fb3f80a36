import pytest
import torch

from ssldsl.stdlib.data.two_moons import two_moons


def test_points_without_noise_lie_on_two_half_circles() -> None:
    train = two_moons(n=200, noise=0.0)["train"].read(torch.arange(200))
    upper, lower = (train["vector"][train["label"] == number] for number in (0, 1))
    torch.testing.assert_close(upper.norm(dim=1), torch.ones(100))
    torch.testing.assert_close((lower - torch.tensor([1.0, 0.5])).norm(dim=1), torch.ones(100))
    assert (upper[:, 1] >= -1e-6).all() and (lower[:, 1] <= 0.5 + 1e-6).all()


def test_noise_has_the_given_deviation() -> None:
    quiet, noisy = (two_moons(n=20000, noise=noise)["train"].tensors["vector"] for noise in (0.0, 0.3))
    assert (noisy - quiet).std().item() == pytest.approx(0.3, abs=0.005)


def test_a_seed_makes_the_set_and_the_splits_differ() -> None:
    torch.manual_seed(0)
    first = two_moons(n=50, seed=3, test=50)
    torch.manual_seed(1)
    again = two_moons(n=50, seed=3, test=50)
    assert first["train"].digest() == again["train"].digest()
    assert first["train"].digest() != two_moons(n=50, seed=4)["train"].digest()
    assert first["train"].digest() != first["test"].digest()
