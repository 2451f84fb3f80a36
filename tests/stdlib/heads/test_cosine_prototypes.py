"""Cosine prototypes: scores that no length changes, and a gradient that turns and does not stretch."""

import torch
from torch.nn.functional import cosine_similarity

from ssldsl.stdlib.heads.cosine_prototypes import CosinePrototypes


def test_scores_are_cosines_and_weights_learn_directions_alone() -> None:
    head = CosinePrototypes(4, 3).double()
    z = torch.randn(5, 4, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    scores = head(z)
    torch.testing.assert_close(scores, cosine_similarity(z[:, None], head.weight[None], dim=-1))
    torch.testing.assert_close(head(3 * z), scores)
    scores.square().sum().backward()
    assert head.weight.grad is not None
    torch.testing.assert_close((head.weight.grad * head.weight).sum(dim=1), torch.zeros(3, dtype=torch.float64))
    assert head.weight.abs().max() <= 0.5
