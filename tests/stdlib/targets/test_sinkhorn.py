"""Assignments of SwAV. Worked numbers were computed with NumPy in float64 and agree with the authors' code."""

import numpy as np
import pytest
import torch
from torch import Tensor

from ssldsl.stdlib.targets.sinkhorn import LEAST_FOR_POWERS, _log_mass, _scale, _scale_logarithms, sinkhorn

SCORES = torch.tensor([[0.9, 0.1, -0.2], [0.8, 0.3, 0], [0.7, 0.2, 0.1], [0.1, 0.6, 0.5]], dtype=torch.float64)
WORKED = {
    1: [[0.999947, 0.000052, 0.000001], [0.978994, 0.020627, 0.000379], [0.959517, 0.020217, 0.020267],
        [0, 0.499381, 0.500618]],
    3: [[0.998857, 0.001119, 0.000024], [0.684206, 0.309154, 0.006640], [0.504622, 0.228011, 0.267367],
        [0.000000, 0.460276, 0.539724]],
    100: [[0.992415, 0.007295, 0.000290], [0.244883, 0.726199, 0.028918], [0.096035, 0.284792, 0.619173],
          [0, 0.315048, 0.684952]],
}  # fmt: skip


def plain(scores: np.ndarray, epsilon: float, iterations: int) -> np.ndarray:
    """Powers and sums as in the paper, for numbers that do not overflow."""
    q = np.exp(scores.astype(np.float64) / epsilon)
    for _ in range(iterations):
        q = q / q.sum(axis=0, keepdims=True) / q.shape[1]
        q = q / q.sum(axis=1, keepdims=True) / q.shape[0]
    return q * q.shape[0]


def random_scores(rows: int, classes: int, seed: int = 0) -> Tensor:
    return torch.rand(rows, classes, generator=torch.Generator().manual_seed(seed)) * 2 - 1


@pytest.mark.parametrize("iterations", [1, 3, 100])
@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
def test_the_worked_numbers(iterations: int, dtype: torch.dtype) -> None:
    found = sinkhorn(SCORES.to(dtype), iterations=iterations)
    torch.testing.assert_close(found.double(), torch.tensor(WORKED[iterations]).double(), atol=2e-6, rtol=0)


def test_a_larger_epsilon_makes_the_assignments_more_alike() -> None:
    expected = [[0.537013, 0.259087, 0.203900], [0.388962, 0.341936, 0.269102], [0.343500, 0.301970, 0.354531],
                [0.066129, 0.429552, 0.504320]]  # fmt: skip
    found = sinkhorn(SCORES, epsilon=0.5)
    torch.testing.assert_close(found, torch.tensor(expected).double(), atol=1e-6, rtol=0)
    assert found.sum(dim=0).tolist() == pytest.approx([1.335604, 1.332544, 1.331852], abs=1e-6)


def test_the_second_view_has_the_worked_assignments() -> None:
    scores = [[0.7, 0.2, -0.1], [0.6, 0.4, 0.1], [0.5, 0.3, 0.2], [0, 0.7, 0.4]]
    expected = [[0.999109, 0.000655, 0.000236], [0.735405, 0.194503, 0.070091], [0.154602, 0.040890, 0.804508],
                [0, 0.735099, 0.264901]]  # fmt: skip
    found = sinkhorn(torch.tensor(scores).double())
    torch.testing.assert_close(found, torch.tensor(expected).double(), atol=1e-6, rtol=0)


def test_halves_of_a_batch_by_themselves_are_assigned_otherwise() -> None:
    expected = [[0.867052, 0.066474, 0.066474], [0.015909, 0.492046, 0.492046], [0.997335, 0.001332, 0.001332],
                [0.000001, 0.5, 0.5]]  # fmt: skip
    found = torch.cat([sinkhorn(half) for half in SCORES.chunk(2)])
    torch.testing.assert_close(found, torch.tensor(expected).double(), atol=1e-6, rtol=0)


def test_clusters_are_equally_large_in_the_limit() -> None:
    totals = sinkhorn(SCORES, iterations=100).sum(dim=0)
    torch.testing.assert_close(totals, torch.full((3,), 4 / 3).double(), atol=1e-6, rtol=0)
    assert sinkhorn(SCORES).sum(dim=0).tolist() == pytest.approx([2.187686, 0.998560, 0.813755], abs=2e-6)


@pytest.mark.parametrize("epsilon", [0.02, 0.05])
@pytest.mark.parametrize(("rows", "classes"), [(7, 20), (64, 5)])
def test_powers_of_the_paper_give_the_same(rows: int, classes: int, epsilon: float) -> None:
    scores = random_scores(rows, classes)
    expected = torch.from_numpy(plain(scores.numpy(), epsilon, 3)).float()
    torch.testing.assert_close(sinkhorn(scores, epsilon=epsilon), expected, atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("ready", [None, 0.0, 1.0])
def test_powers_and_logarithms_agree_where_both_are_taken(ready: float | None) -> None:
    log_q = random_scores(24, 6).double() / LEAST_FOR_POWERS
    mass = None if ready is None else _log_mass(log_q, 16, torch.tensor(ready))
    torch.testing.assert_close(_scale(log_q, mass, 3, 16), _scale_logarithms(log_q, mass, 3, 16))


def test_a_small_epsilon_neither_overflows_nor_loses_the_sums() -> None:
    scores = random_scores(32, 10)
    found = sinkhorn(scores, epsilon=0.001)
    exact = sinkhorn(scores.double(), epsilon=0.001)
    assert found.isfinite().all()
    torch.testing.assert_close(found, exact.float(), atol=1e-3, rtol=0)


def test_every_row_is_a_distribution() -> None:
    found = sinkhorn(random_scores(50, 13))
    torch.testing.assert_close(found.sum(dim=1), torch.ones(50), atol=1e-6, rtol=0)


def test_a_constant_on_all_scores_or_on_a_cluster_changes_nothing() -> None:
    expected = sinkhorn(SCORES)
    torch.testing.assert_close(sinkhorn(SCORES + 0.37), expected)
    torch.testing.assert_close(sinkhorn(SCORES + torch.tensor([0.3, -0.2, 0.1]).double()), expected)


def test_a_constant_on_one_sample_changes_the_assignments() -> None:
    shifted = SCORES - SCORES.amax(dim=1, keepdim=True)
    assert (sinkhorn(shifted) - sinkhorn(SCORES)).abs().max() > 0.1


def test_equal_samples_belong_to_all_clusters_alike() -> None:
    scores = SCORES[:1].expand(6, 3)
    torch.testing.assert_close(sinkhorn(scores), torch.full((6, 3), 1 / 3).double())


def test_the_order_of_samples_and_clusters_does_not_matter() -> None:
    samples, clusters = torch.tensor([2, 0, 3, 1]), torch.tensor([1, 2, 0])
    torch.testing.assert_close(sinkhorn(SCORES[samples][:, clusters]), sinkhorn(SCORES)[samples][:, clusters])


def test_context_counts_and_gets_no_assignment() -> None:
    context = random_scores(9, 3, seed=1).double()
    whole = sinkhorn(torch.cat([context, SCORES]))
    torch.testing.assert_close(sinkhorn(SCORES, context), whole[-4:])
    torch.testing.assert_close(sinkhorn(SCORES, context, torch.tensor(1.0)), whole[-4:])


@pytest.mark.parametrize("context", [torch.zeros(9, 3), random_scores(9, 3, seed=1)])
def test_context_that_is_not_ready_weighs_nothing(context: Tensor) -> None:
    found = sinkhorn(SCORES, context.double(), torch.tensor(0.0))
    torch.testing.assert_close(found, sinkhorn(SCORES), atol=1e-12, rtol=0)


def test_scores_of_16_bits_are_worked_on_in_32() -> None:
    scores = random_scores(8, 4).bfloat16()
    with torch.autocast("cpu", torch.bfloat16):
        found = sinkhorn(scores)
    assert found.dtype == torch.float32
    torch.testing.assert_close(found, sinkhorn(scores.float()))


def test_no_gradient_goes_through() -> None:
    assert not sinkhorn(SCORES.clone().requires_grad_()).requires_grad


def test_it_is_one_graph_to_the_compiler() -> None:
    compiled = torch.compile(sinkhorn, fullgraph=True, backend="eager")
    arguments = (SCORES, random_scores(5, 3).double(), torch.tensor(1.0))
    torch.testing.assert_close(compiled(*arguments), sinkhorn(*arguments))
