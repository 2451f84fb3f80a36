"""The clustering module against a worked example, its two forms against one another, and its gradients."""

import pytest
import torch
from clustering import GAMMA, M, X
from torch import Tensor

from ssldsl.stdlib.losses.clustering_module import clustering_module

FORMS = pytest.mark.parametrize("form", ["distances", "printed"])


def made(rows: int, clusters: int, dim: int) -> tuple[Tensor, Tensor, Tensor]:
    generator = torch.Generator().manual_seed(rows)
    x, a, mu = (
        torch.randn(*shape, generator=generator, dtype=torch.float64)
        for shape in ((rows, dim), (rows, clusters), (clusters, dim))
    )
    return x, a.softmax(dim=1), mu


@FORMS
@pytest.mark.parametrize(("mean", "expected"), [("rows", 1.8666666667), ("entries", 0.9333333333)])
def test_the_loss_is_that_of_the_worked_example(form: str, mean: str, expected: float) -> None:
    found = clustering_module(X, GAMMA, M, form=form, mean=mean)  # type: ignore[arg-type]  # of a table
    assert found.mean().item() == pytest.approx(expected, abs=1e-10)


def test_the_sums_of_the_printed_form_are_those_of_the_worked_example() -> None:
    reconstructed = torch.tensor([[0.3, 0.5], [0, 0.9], [-0.25, 0.75]], dtype=torch.float64)
    far = (X - reconstructed).square().sum()
    spread = ((GAMMA * (1 - GAMMA)).sum(dim=0) * M.square().sum(dim=1)).sum()
    crossed = -(GAMMA.T @ GAMMA * (M @ M.T) * (1 - torch.eye(3))).sum()
    assert [t.item() for t in (far, spread, crossed)] == pytest.approx([3.575, 2.085, -0.06], abs=1e-12)
    assert clustering_module(X, GAMMA, M, form="printed").sum().item() == pytest.approx(5.6, abs=1e-12)


@pytest.mark.parametrize("sizes", [(1, 1, 1), (7, 3, 5), (50, 10, 128)])
def test_the_printed_form_is_soft_k_means(sizes: tuple[int, int, int]) -> None:
    x, gamma, mu = made(*sizes)
    expected = (gamma * torch.cdist(x, mu).square()).sum(dim=1)
    torch.testing.assert_close(clustering_module(x, gamma, mu, form="printed"), expected)
    torch.testing.assert_close(clustering_module(x, gamma, mu), expected)


@FORMS
def test_the_gradients_are_those_of_the_worked_example(form: str) -> None:
    logits = GAMMA.log().requires_grad_()
    x, mu = X.clone().requires_grad_(), M.clone().requires_grad_()
    loss = clustering_module(x, logits.softmax(dim=1), mu, form=form, mean="entries").mean()  # type: ignore[arg-type]  # as above
    expected = [
        [[0.2333333, -0.1666667], [0, 0.3666667], [0.4166667, 0.0833333]],
        [[-0.1333333, 0.02, 0.1133333], [0.0583333, -0.0666667, 0.0083333], [-0.0625, -0.0625, 0.125]],
        [[0.0333333, -0.15], [-0.1833333, -0.1666667], [-0.5, 0.0333333]],
    ]
    for found, wanted in zip(torch.autograd.grad(loss, [x, logits, mu]), expected, strict=True):
        torch.testing.assert_close(found, torch.tensor(wanted, dtype=torch.float64), atol=1e-7, rtol=0)


@FORMS
def test_the_gradients_are_those_of_finite_differences(form: str) -> None:
    inputs = [t.requires_grad_() for t in made(4, 3, 2)]
    assert torch.autograd.gradcheck(lambda *given: clustering_module(*given, form=form), inputs)  # type: ignore[arg-type]  # as above


def test_rows_have_their_loss_to_themselves() -> None:
    x, gamma, mu = made(6, 3, 2)
    parts = [clustering_module(x[i : i + 2], gamma[i : i + 2], mu) for i in (0, 2, 4)]
    torch.testing.assert_close(torch.cat(parts), clustering_module(x, gamma, mu))


def test_a_row_on_its_own_centroid_costs_nothing() -> None:
    assert clustering_module(M, torch.eye(3, dtype=torch.float64), M).tolist() == [0, 0, 0]


def test_the_total_loss_of_the_worked_example_as_released_and_as_printed() -> None:
    """Sample 0 alone has a label; the code divides the class loss by all rows, the paper by the labeled ones."""
    beta, ce = 10**-0.73, -GAMMA[0, 0].log()
    released = ce / 3 + beta * clustering_module(X, GAMMA, M, mean="entries").mean()
    printed = ce + beta * clustering_module(X, GAMMA, M).mean()
    assert released.item() == pytest.approx(0.4048438596, abs=1e-10)
    assert printed.item() == pytest.approx(1.0407367794, abs=1e-10)
