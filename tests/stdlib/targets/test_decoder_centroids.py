"""The centroids of a decoder against its weights."""

import torch
from clustering import GAMMA, M, X
from small_nets import FrozenOnly

from ssldsl.stdlib.heads.centroid_decoder import CentroidDecoder
from ssldsl.stdlib.losses.clustering_module import clustering_module
from ssldsl.stdlib.targets.decoder_centroids import decoder_centroids


def decoder(bias: bool = False) -> CentroidDecoder:
    made = CentroidDecoder(3, out=2, bias=bias).double()
    made.map.weight.data.copy_(M.T)
    return made


def test_without_a_bias_they_are_the_columns_of_the_map() -> None:
    assert torch.equal(decoder_centroids(FrozenOnly(decoder()), GAMMA, X), M)


def test_a_bias_is_part_of_every_centroid_and_the_two_forms_of_the_loss_agree() -> None:
    made = decoder(bias=True)
    mu = decoder_centroids(FrozenOnly(made), GAMMA, X)
    torch.testing.assert_close(mu, M + made.map.bias)
    printed, distances = (clustering_module(X, GAMMA, mu, form=form) for form in ("printed", "distances"))  # type: ignore[arg-type]  # of a table
    torch.testing.assert_close(printed, distances)
    torch.testing.assert_close((X - made(GAMMA)).square().sum(dim=1), (X - GAMMA @ mu).square().sum(dim=1))


def test_the_gradient_of_the_worked_example_reaches_the_map() -> None:
    made = decoder()
    mu = decoder_centroids(FrozenOnly(made), GAMMA, X)
    clustering_module(X, GAMMA, mu, mean="entries").mean().backward()
    assert made.map.weight.grad is not None
    expected = torch.tensor([[0.0333333, -0.15], [-0.1833333, -0.1666667], [-0.5, 0.0333333]], dtype=torch.float64)
    torch.testing.assert_close(made.map.weight.grad.T, expected, atol=1e-7, rtol=0)
