"""The decoder of the clustering module against its formula."""

import torch
from clustering import GAMMA

from ssldsl.stdlib.heads.centroid_decoder import CentroidDecoder

SETTINGS = {"out": 7}  # with which the tests of all ops call it


def test_it_mixes_the_columns_of_its_map() -> None:
    made = CentroidDecoder(3, out=5).double()
    torch.testing.assert_close(made(GAMMA), GAMMA @ made.map.weight.T)
    assert made.map.bias is None and CentroidDecoder(3, out=5, bias=True).map.bias is not None


def test_first_centroids_lie_within_their_bound() -> None:
    weight = CentroidDecoder(100, out=400).map.weight
    assert 0.099 < weight.abs().max() <= 0.1
