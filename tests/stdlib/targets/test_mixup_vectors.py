import torch
from small_nets import rng_for

from ssldsl.stdlib.targets.mixup_vectors import mixup_vectors
from ssldsl.stdlib.targets.mixup_views import mixup_views


def test_vectors_are_mixed_as_images_are() -> None:
    vectors = torch.rand(4, 9, generator=torch.Generator().manual_seed(0))
    flat = mixup_vectors(vectors, vectors * 2, rng=rng_for(4, 3))
    square = mixup_views(vectors.view(4, 1, 3, 3), vectors.view(4, 1, 3, 3) * 2, rng=rng_for(4, 3))
    assert torch.equal(flat.vectors, square.images.flatten(1)) and torch.equal(flat.others, square.others.flatten(1))
    assert torch.equal(flat.partners, square.partners) and torch.equal(flat.shares, square.shares)
