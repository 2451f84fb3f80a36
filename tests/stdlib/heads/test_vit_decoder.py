import pytest
import torch

from ssldsl.stdlib.heads.vit_decoder import VitDecoder

SETTINGS = {"out": 6, "width": 8, "depth": 1, "heads": 2}  # with which the tests of all ops call it


def decoder(out: int = 6) -> VitDecoder:
    torch.manual_seed(0)
    return VitDecoder(5, out=out, width=8, depth=1, heads=2)


def test_tokens_stand_where_their_patches_were() -> None:
    """Without blocks every patch says what it was given: the token, or the learned one, at its position."""
    net = decoder(out=8)
    net.blocks, net.norm, net.last = torch.nn.Sequential(), torch.nn.Identity(), torch.nn.Identity()  # type: ignore[assignment]
    tokens, mask = torch.rand(2, 2, 5), torch.tensor([[1.0, 0.0, 1.0, 0.0], [0.0, 0.0, 1.0, 1.0]])
    found = net(tokens, mask)
    embedded = net.embed(tokens)
    positions = net(torch.rand(1, 1, 5), torch.ones(1, 4)) - net.mask_token
    expected = net.mask_token.expand(2, 4, 8).clone()
    expected[0, 1], expected[0, 3], expected[1, 0], expected[1, 1] = *embedded[0], *embedded[1]
    torch.testing.assert_close(found, expected + positions)


def test_the_class_token_takes_part_and_is_not_reconstructed() -> None:
    net = decoder()
    tokens, mask = torch.rand(2, 1, 5), torch.tensor([[1.0, 0.0, 1.0, 1.0]] * 2)
    without, with_it = net(tokens, mask), net(tokens, mask, torch.rand(2, 5))
    assert without.shape == with_it.shape == (2, 4, 6)
    assert not torch.allclose(without, with_it)


def test_a_width_that_heads_cannot_share_is_refused() -> None:
    with pytest.raises(ValueError, match="a width of 10 cannot be shared by 4 heads"):
        VitDecoder(5, out=6, width=10, heads=4)
