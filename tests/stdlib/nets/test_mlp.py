import torch
from torch.nn import functional

from ssldsl.stdlib.nets.mlp import Mlp


def test_it_is_affine_maps_and_rectifiers() -> None:
    net, vectors = Mlp(3, width=4), torch.randn(5, 3)
    state = list(net.state_dict().values())
    expected = functional.linear(functional.linear(vectors, *state[:2]).relu(), *state[2:]).relu()
    torch.testing.assert_close(net(vectors), expected)


def test_batch_normalization_couples_rows_and_layer_normalization_does_not() -> None:
    vectors = torch.randn(6, 3)
    for norm, coupled in (("batch", True), ("layer", False)):
        net = Mlp(3, width=4, norm=norm)  # type: ignore[arg-type]
        assert torch.allclose(net(vectors)[:3], net(vectors[:3]), atol=1e-5) != coupled
