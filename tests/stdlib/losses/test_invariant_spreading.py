"""The instance loss between two views against TwoStageUC's worked numbers, closed forms and one-sided gradient."""

import math

import pytest
import torch
from two_stage_uc import BANK, PAIR, VIEWS, gradient

from ssldsl.stdlib.losses.invariant_spreading import invariant_spreading
from ssldsl.stdlib.targets.bank_profiles import bank_profiles


@pytest.mark.parametrize(("temperature", "expected"), [(1.0, 1.9216818084), (0.5, 1.5018191696), (0.1, 0.2856407170)])
def test_three_images_in_two_views_have_the_worked_values(temperature: float, expected: float) -> None:
    assert invariant_spreading(PAIR, temperature=temperature).item() == pytest.approx(expected, abs=1e-10)


def test_on_embeddings_and_on_profiles_the_views_of_two_samples_have_the_worked_values() -> None:
    assert invariant_spreading(VIEWS, temperature=0.5).item() == pytest.approx(0.1155571280, abs=1e-9)
    profiles = [bank_profiles(view, BANK) for view in VIEWS]
    assert invariant_spreading(profiles, temperature=0.5).item() == pytest.approx(0.0983937400, abs=1e-9)


@pytest.mark.parametrize("views", [PAIR[:1], [*PAIR, PAIR[0]]], ids=["one", "three"])
def test_other_than_two_views_are_refused(views: list[torch.Tensor]) -> None:
    with pytest.raises(ValueError, match="wants two views"):
        invariant_spreading(views)


def test_the_gradient_goes_through_one_side_of_every_product() -> None:
    first = PAIR[0].clone().requires_grad_()
    found = gradient(invariant_spreading([first, PAIR[1]], temperature=0.5), first)
    expected = [[-0.137781, 0.176775], [-0.099335, -0.072922], [0.396736, -0.013885]]
    torch.testing.assert_close(found, torch.tensor(expected).double(), atol=1e-6, rtol=0)


def test_aligned_views_that_are_orthogonal_otherwise_have_their_closed_form() -> None:
    z = torch.eye(128, dtype=torch.float64)
    p = math.exp(10) / (math.exp(10) + 254)
    expected = -math.log(p) - 254 * math.log(1 - 1 / (math.exp(10) + 254))
    assert invariant_spreading([z, z], temperature=0.1).item() == pytest.approx(expected, abs=1e-10)
    assert expected == pytest.approx(0.0228659768, abs=1e-10)


def test_rows_that_are_all_the_same_have_their_closed_form() -> None:
    z = torch.eye(1, 4, dtype=torch.float64).expand(128, 4)
    assert invariant_spreading([z, z]).item() == pytest.approx(6.5393001927, abs=1e-9)


def test_in_single_precision_antipodal_pairs_stay_finite() -> None:
    z = torch.tensor([[1.0, 0.0], [-1.0, 0.0]]).requires_grad_()
    loss = invariant_spreading([z, z.detach().flip(0)], temperature=0.05)
    assert loss.isfinite() and gradient(loss, z).isfinite().all()
