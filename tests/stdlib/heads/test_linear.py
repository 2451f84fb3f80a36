import torch

from ssldsl.stdlib.heads.linear import Linear


def test_a_linear_head_is_an_affine_map() -> None:
    head, features = Linear(4, 3), torch.randn(5, 4)
    weight, bias = head.state_dict().values()
    torch.testing.assert_close(head(features), features @ weight.T + bias)
