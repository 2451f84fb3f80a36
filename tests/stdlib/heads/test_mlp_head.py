import torch
from torch.nn import functional

from ssldsl.stdlib.heads.mlp_head import MlpHead
from ssldsl.stdlib.nets.mlp import Mlp

SETTINGS = {"hidden": [7], "out": 4}  # with which the tests of all ops call it


def test_a_projection_head_ends_in_an_affine_map() -> None:
    head, features = MlpHead(4, hidden=[6], out=3), torch.randn(5, 4)
    w1, b1, w2, b2 = head.state_dict().values()
    torch.testing.assert_close(head(features), functional.linear(functional.linear(features, w1, b1).relu(), w2, b2))


def test_a_projection_head_without_hidden_layers_is_linear() -> None:
    assert [tuple(p.shape) for p in MlpHead(4, hidden=[], out=3).parameters()] == [(3, 4), (3,)]


def test_the_projector_of_swav_has_as_many_parameters_as_the_released_one() -> None:
    with torch.device("meta"):
        parts = [Mlp(2048, width=2048, depth=1, norm="batch"), MlpHead(2048, hidden=[], out=128)]
        assert sum(p.numel() for part in parts for p in part.parameters()) == 4_462_720
