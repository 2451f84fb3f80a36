import pytest
import torch
from torch import Tensor

from ssldsl.ops.random import Rows, SampleRng
from ssldsl.ops.samples import MemorySamples, field_of
from ssldsl.stdlib.data.with_neighbor_images import with_neighbor_images

SETTINGS = {"k": 2}


def neighbors(step: int = 0, k: int = 2) -> Tensor:
    """Forty samples on a half circle; every image is its number."""
    angle = torch.linspace(0, 3.0, 40)
    images = torch.arange(40).float().view(-1, 1, 1, 1)
    data = MemorySamples.of("made", image=images)
    rng = SampleRng(7, Rows(data.ids, torch.full_like(data.ids, step), torch.zeros_like(data.ids)))
    features = torch.stack([angle.cos(), angle.sin()], dim=1) * (0.5 + torch.arange(40) % 3).unsqueeze(1)
    found = field_of(with_neighbor_images(data, features, images, rng=rng, k=k), "neighbor_image")
    assert found is not None
    return found.flatten()


def test_images_come_from_the_nearest_samples_or_the_sample_itself() -> None:
    seen = torch.stack([neighbors(step) for step in range(60)])
    off = (seen - torch.arange(40)).abs()[:, 2:-2]
    assert set(off.flatten().tolist()) == {0.0, 1.0}
    assert (off == 0).float().mean().item() == pytest.approx(1 / 3, abs=0.04)


def test_they_are_drawn_anew_in_every_pass_and_the_same_again() -> None:
    assert torch.equal(neighbors(5), neighbors(5)) and not torch.equal(neighbors(5), neighbors(6))


def test_too_few_samples_are_refused() -> None:
    with pytest.raises(ValueError, match="40 samples have no 40 others"):
        neighbors(k=40)
