import pytest
import torch

from ssldsl.stdlib.views.batch_flip import batch_flip

EXEMPT = {
    "an_image_alone_gets_the_same_numbers_as_in_a_batch": "one draw decides for the whole batch",
    "samples_differ_and_passes_differ": "one draw decides for the whole batch",
}


@pytest.mark.parametrize("p", [0.0, 1.0])
def test_the_limits_flip_no_batch_and_every_batch(p: float, rng, photos) -> None:
    assert torch.equal(batch_flip(photos, rng=rng(6), p=p), photos.flip(-1) if p else photos)


def test_all_images_are_flipped_or_none_and_batches_with_probability_p(rng) -> None:
    images = torch.tensor([0.0, 1.0]).view(1, 1, 1, 2).expand(5, -1, -1, -1)
    flipped = [batch_flip(images, rng=rng(5, epoch=i), p=0.3)[:, 0, 0, 0] for i in range(2000)]
    assert all(batch.unique().numel() == 1 for batch in flipped)
    assert torch.stack(flipped).mean().item() == pytest.approx(0.3, abs=0.05)  # five standard deviations
