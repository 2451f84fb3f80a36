"""DINO's head: sizes of the released code, unit directions, first weights."""

import pytest
import torch
from torch import nn

from ssldsl.stdlib.heads.dino_head import DinoHead


def size(head: nn.Module) -> int:
    return sum(p.numel() for p in head.parameters())


@pytest.mark.parametrize(("classes", "expected"), [(65536, 22_352_128), (1000, 5_766_376)])
def test_it_has_as_many_parameters_as_the_released_head(classes: int, expected: int) -> None:
    with torch.device("meta"):
        assert size(DinoHead(384, classes, learned_lengths=True)) == expected
        assert size(DinoHead(384, classes)) == expected - classes  # lengths that stay 1 are no parameters


def test_it_is_the_released_head_with_its_weights() -> None:
    torch.manual_seed(0)
    head = DinoHead(6, 9, hidden=8, bottleneck=5, learned_lengths=True)
    affine = [m for m in head.mlp if isinstance(m, nn.Linear)]
    last = nn.utils.parametrizations.weight_norm(nn.Linear(5, 9, bias=False))
    last.parametrizations.weight.original0.data.copy_(torch.rand(9, 1))
    last.parametrizations.weight.original1.data.copy_(torch.randn(9, 5))
    with torch.no_grad():
        head.last.weight_g.copy_(last.parametrizations.weight.original0)
        head.last.weight_v.copy_(last.parametrizations.weight.original1)
    features = torch.randn(4, 6)
    hidden = nn.functional.gelu(affine[1](nn.functional.gelu(affine[0](features))))
    z = nn.functional.normalize(affine[2](hidden), dim=-1)
    torch.testing.assert_close(head(features), last(z))


def test_scores_are_cosines_unless_lengths_are_learned() -> None:
    torch.manual_seed(0)
    head = DinoHead(6, 50, hidden=8, bottleneck=5)
    with torch.no_grad():
        head.last.weight_v.mul_(7.0)
    z = nn.functional.normalize(head.mlp(torch.randn(20, 6)), dim=-1)
    expected = nn.functional.cosine_similarity(z[:, None], head.last.weight_v[None], dim=-1)
    torch.testing.assert_close(head.last(z), expected)


def test_lengths_begin_at_one() -> None:
    torch.manual_seed(0)
    features = torch.randn(4, 6)
    heads = []
    for learned in (True, False):
        torch.manual_seed(1)
        heads.append(DinoHead(6, 9, hidden=8, bottleneck=5, learned_lengths=learned))
    torch.testing.assert_close(heads[0](features), heads[1](features))


def test_first_weights_are_those_of_the_paper() -> None:
    torch.manual_seed(0)
    head = DinoHead(100, 300, hidden=120, bottleneck=64)
    for layer in head.mlp:
        if isinstance(layer, nn.Linear):
            assert layer.weight.std().item() == pytest.approx(0.02, rel=0.05) and not layer.bias.any()
    limit = 1 / 8
    assert head.last.weight_v.abs().max().item() == pytest.approx(limit, rel=0.01)
    assert head.last.weight_v.std().item() == pytest.approx(limit / 3**0.5, rel=0.05)


def test_with_batch_normalization_there_is_one_behind_each_hidden_layer() -> None:
    kinds = [type(m) for m in DinoHead(6, 9, hidden=8, norm="batch").mlp]
    expected = [nn.Linear, nn.BatchNorm1d, nn.GELU, nn.Linear, nn.BatchNorm1d, nn.GELU, nn.Linear]
    assert kinds == expected
