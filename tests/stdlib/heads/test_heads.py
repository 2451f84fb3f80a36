import pytest
import torch
from torch.nn import functional

from ssldsl.stdlib.heads.l2norm import L2norm
from ssldsl.stdlib.heads.linear import Linear
from ssldsl.stdlib.heads.mlp_head import MlpHead
from ssldsl.stdlib.heads.softmax import Softmax
from ssldsl.stdlib.nets.mlp import Mlp


def test_a_linear_head_is_an_affine_map() -> None:
    head, features = Linear(4, 3), torch.randn(5, 4)
    weight, bias = head.state_dict().values()
    torch.testing.assert_close(head(features), features @ weight.T + bias)


def test_a_projection_head_ends_in_an_affine_map() -> None:
    head, features = MlpHead(4, hidden=[6], out=3), torch.randn(5, 4)
    w1, b1, w2, b2 = head.state_dict().values()
    torch.testing.assert_close(head(features), functional.linear(functional.linear(features, w1, b1).relu(), w2, b2))


def test_a_projection_head_without_hidden_layers_is_linear() -> None:
    assert [tuple(p.shape) for p in MlpHead(4, hidden=[], out=3).parameters()] == [(3, 4), (3,)]


def test_unit_rows_keep_their_direction() -> None:
    found = L2norm()(torch.tensor([[3.0, 4.0], [-1e-3, 0.0], [0.0, 0.0]]))
    torch.testing.assert_close(found, torch.tensor([[0.6, 0.8], [-1.0, 0.0], [0.0, 0.0]]))


def test_probabilities_are_those_of_the_scores() -> None:
    found = Softmax()(torch.tensor([[0.0, 0.0], [1e4, 0.0]]))
    assert found.flatten().tolist() == pytest.approx([0.5, 0.5, 1.0, 0.0])


def test_rows_below_the_floor_are_scaled_by_the_floor_alone() -> None:
    rows = torch.tensor([[3e-12, 4e-12], [3.0, 4.0]], dtype=torch.float64)
    expected = torch.stack([rows[0] / 1e-6, rows[1] / 5])  # z / sqrt(max(|z|^2, 1e-12))
    torch.testing.assert_close(L2norm(eps=1e-6)(rows), expected, atol=1e-12, rtol=0)


def test_the_projector_of_swav_has_as_many_parameters_as_the_released_one() -> None:
    with torch.device("meta"):
        parts = [Mlp(2048, width=2048, depth=1, norm="batch"), MlpHead(2048, hidden=[], out=128)]
        assert sum(p.numel() for part in parts for p in part.parameters()) == 4_462_720
