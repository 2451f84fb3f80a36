"""Fixed prototypes against TwoStageUC's worked numbers, by columns as intended and by rows as released."""

import pytest
import torch
from two_stage_uc import at, differences

from ssldsl.stdlib.heads.norm_fc import NormFC

WEIGHT = torch.tensor([[3.0, 0.0, 1.0], [4.0, 2.0, 1.0]])
V = torch.tensor([[0.6, 0.8], [1.0, 0.0]])


def head(normalize: str, temperature: float) -> NormFC:
    made = NormFC(2, 3, temperature=temperature, normalize=normalize)
    made.weight.copy_(WEIGHT)
    return made


@pytest.mark.parametrize(
    ("normalize", "logits", "cold", "warm"),
    [
        (
            "columns",
            [[1, 0.8, 0.989949], [0.6, 0, 0.707107]],
            [[0.490264, 0.066350, 0.443386], [0.255039, 0.000632, 0.744329]],
            [[0.356033, 0.291495, 0.352472], [0.375676, 0.206176, 0.418148]],
        ),
        (
            "rows",
            [[1.267507, 0.349149, 0.364311], [0.948683, 0, 0.316228]],
            [[0.999778, 0.000103, 0.000120], [0.998136, 0.000076, 0.001788]],
            [[0.554187, 0.221217, 0.224596], [0.521231, 0.201847, 0.276922]],
        ),
    ],
)
def test_scores_and_probabilities_are_the_worked_ones(
    normalize: str, logits: list[list[float]], cold: list[list[float]], warm: list[list[float]]
) -> None:
    torch.testing.assert_close(head(normalize, 1.0)(V), torch.tensor(logits), atol=1e-6, rtol=0)
    torch.testing.assert_close(head(normalize, 1.0)(V).softmax(1), torch.tensor(warm), atol=1e-6, rtol=0)
    torch.testing.assert_close(head(normalize, 0.1)(V).softmax(1), torch.tensor(cold), atol=1e-6, rtol=0)


def test_prototypes_are_kept_and_never_learn() -> None:
    made = NormFC(8, 5)
    assert not list(made.parameters()) and made.state_dict()["weight"].shape == (8, 5)
    z = at(10, 20).float().requires_grad_()
    head("columns", 0.1)(z).sum().backward()
    assert z.grad is not None and not made.weight.requires_grad


def test_released_prototypes_are_longer_by_the_share_of_dimensions_and_classes() -> None:
    torch.manual_seed(0)
    made = NormFC(128, 10, temperature=1.0, normalize="rows")
    lengths = made(torch.eye(128)).norm(dim=0)
    assert lengths.mean().item() == pytest.approx(3.57, abs=0.1)


def test_without_normalization_prototypes_are_as_they_were_drawn() -> None:
    torch.testing.assert_close(head("none", 1.0)(V), V @ WEIGHT)


def test_the_gradient_of_embeddings_is_that_of_differences() -> None:
    for normalize in ("columns", "rows", "none"):
        made = head(normalize, 0.5).double()
        z = at(10, 20).requires_grad_()
        (found,) = torch.autograd.grad(made(z).softmax(1)[:, 0].sum(), z)
        expected = differences(lambda v, made=made: made(v).softmax(1)[:, 0].sum(), at(10, 20))
        torch.testing.assert_close(found, expected, atol=1e-8, rtol=1e-6)
