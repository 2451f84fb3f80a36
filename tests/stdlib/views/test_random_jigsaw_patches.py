import pytest
import torch
from torch import Tensor

from ssldsl.ops.random import Rows, SampleRng
from ssldsl.stdlib.views.random_jigsaw_patches import random_jigsaw_patches

SETTINGS = {"size": 7, "standardized": False}  # with which the tests of all views call it


def rng(count: int) -> SampleRng:
    zeros = torch.zeros(count, dtype=torch.int64)
    return SampleRng(3, Rows(torch.arange(count), zeros, zeros))


def test_pieces_lie_in_their_cells_row_by_row() -> None:
    place = torch.stack(torch.meshgrid(torch.arange(12.0), torch.arange(15.0), indexing="ij")).expand(500, -1, -1, -1)
    pieces = random_jigsaw_patches(place, rng=rng(500), size=2, grid=3, standardized=False).view(500, 3, 3, 2, 2, 2)
    top, left = pieces[..., 0, 0, 0], pieces[..., 1, 0, 0]
    for row in range(3):
        assert sorted(set((top[:, row] - 4 * row).flatten().tolist())) == [0, 1, 2]
    for column in range(3):
        assert sorted(set((left[:, :, column] - 5 * column).flatten().tolist())) == [0, 1, 2, 3]
    assert torch.equal(pieces[..., 0, 1, :] - pieces[..., 0, 0, :], torch.ones(500, 3, 3, 2))  # whole squares
    assert torch.equal(pieces[..., 1, :, 1] - pieces[..., 1, :, 0], torch.ones(500, 3, 3, 2))
    assert not torch.equal(top[:, 0, 0], top[:, 0, 1])  # every piece is drawn for itself


def test_a_piece_is_standardized_by_itself() -> None:
    images = torch.rand(4, 3, 16, 20, generator=torch.Generator().manual_seed(0))
    pieces = random_jigsaw_patches(images, rng=rng(4), size=6, grid=2)
    plain = random_jigsaw_patches(images, rng=rng(4), size=6, grid=2, standardized=False)
    deviation, mean = torch.std_mean(plain, dim=(1, 2, 3), correction=0, keepdim=True)
    torch.testing.assert_close(pieces, (plain - mean) / deviation)


def test_a_piece_of_one_color_stays_finite() -> None:
    assert random_jigsaw_patches(torch.full((1, 1, 8, 8), 0.3), rng=rng(1), size=4, grid=2).abs().max() < 1e-4


def test_pieces_larger_than_a_cell_are_refused(photos: Tensor) -> None:
    with pytest.raises(ValueError, match="pieces of 9 pixels from cells of 8 by 10"):
        random_jigsaw_patches(photos, rng=rng(6), size=9)
