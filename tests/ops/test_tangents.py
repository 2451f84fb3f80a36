"""Derivatives in one direction: the rules of layers are those of torch."""

import pytest
import torch
from torch import Tensor, nn
from torch.autograd import forward_ad

from ssldsl.ops.tangents import derivative

LAYERS = {
    "linear": (nn.Linear(4, 2), (3, 5, 4)),
    "group norm": (nn.GroupNorm(2, 4), (2, 4, 2, 2)),
    "group norm without weights": (nn.GroupNorm(2, 4, affine=False), (2, 4, 3)),
    "batch norm": (nn.BatchNorm2d(3), (4, 3, 2, 2)),
    "batch norm at rest": (nn.BatchNorm1d(3).eval(), (4, 3)),
    "layer norm": (nn.LayerNorm((2, 4)), (3, 2, 4)),
}


def prepared(name: str) -> tuple[nn.Module, Tensor, Tensor]:
    """A layer with weights at random, its input and a direction."""
    layer, shape = LAYERS[name]
    torch.manual_seed(0)
    for parameter in layer.parameters():
        nn.init.normal_(parameter)
    value, tangent = torch.randn(2, *shape, dtype=torch.float64)
    return layer.double(), value.requires_grad_(), tangent


@pytest.mark.filterwarnings("ignore::FutureWarning")  # torch's own rules are written in its old way
@pytest.mark.parametrize("name", LAYERS)
def test_value_and_derivative_are_those_of_torch(name: str):
    layer, value, tangent = prepared(name)
    with forward_ad.dual_level():
        expected = forward_ad.unpack_dual(layer(forward_ad.make_dual(value, tangent)))
    result, slope = derivative(layer, value, tangent)
    assert torch.equal(result, expected.primal)
    assert torch.allclose(slope, expected.tangent, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("name", sorted(LAYERS.keys() - {"linear", "batch norm at rest"}))  # linear in the value
def test_a_derivative_can_be_differentiated(name: str):
    layer, value, tangent = prepared(name)
    assert torch.autograd.gradcheck(lambda x: derivative(layer, x, tangent)[1], (value,))


def test_weights_that_move_with_the_value_are_differentiated_too():
    value, tangent = torch.tensor([[2.0, 3.0]]), torch.tensor([[1.0, 0.0]])
    _, slope = derivative(lambda x: nn.functional.linear(x, x), value, tangent)
    assert slope.item() == 4  # of x1 x1 + x2 x2 by x1


def test_what_does_not_depend_on_the_value_has_no_derivative():
    assert derivative(lambda x: torch.ones(2), torch.ones(2), torch.ones(2))[1] is None
