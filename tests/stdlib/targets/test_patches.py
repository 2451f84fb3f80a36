import pytest
import torch

from ssldsl.stdlib.targets.patches import patches


def test_patches_and_the_pixels_in_them_stand_row_by_row_with_channels_last() -> None:
    images = torch.arange(32.0).view(1, 2, 4, 4)
    found = patches(images, patch=2)
    assert found.shape == (1, 4, 8)
    assert found[0, 1].tolist() == [2, 18, 3, 19, 6, 22, 7, 23]


def test_a_normalized_patch_has_mean_zero_and_unbiased_variance_one() -> None:
    found = patches(torch.rand(2, 3, 8, 8), patch=4, normalized=True)
    torch.testing.assert_close(found.mean(dim=-1), torch.zeros(2, 4), atol=1e-6, rtol=0)
    torch.testing.assert_close(found.var(dim=-1), torch.ones(2, 4), atol=1e-4, rtol=0)


@pytest.mark.parametrize(("normalized", "expected"), [(True, 1.1666648626), (False, 1.5866666667)])
def test_the_loss_of_mae_on_numbers_worked_out_by_its_released_code(normalized: bool, expected: float) -> None:
    """An image of k/10 in three channels (times 1, 2, -1), predictions of 0.5, three of four patches hidden."""
    plane = torch.arange(16, dtype=torch.float64).view(4, 4) / 10
    images = torch.stack([plane, 2 * plane, -plane]).unsqueeze(0)
    errors = (0.5 - patches(images, patch=2, normalized=normalized)).square().mean(dim=-1)
    mask = torch.tensor([[1.0, 0.0, 1.0, 1.0]], dtype=torch.float64)
    assert float((errors * mask).sum() / mask.sum()) == pytest.approx(expected, abs=1e-9)
