"""The triplet loss against numbers worked out by hand, and against the definition written with all pairs in float64."""

import math

import pytest
import torch
from torch import Tensor
from torch.nn import functional

from ssldsl.stdlib.heads.l2norm import L2norm
from ssldsl.stdlib.losses.batch_hard_triplet import batch_hard_triplet

ROWS = torch.tensor([[3, 4], [4, 3], [1, 0], [0, 2], [-1, 1], [-3, 4]], dtype=torch.float64)
INSTANCES = torch.tensor([0, 0, 0, 1, 1, 1])


def by_all_pairs(z: Tensor, instances: Tensor) -> Tensor:
    """The formula as it stands: every distance, then the largest and the smallest of the row."""
    losses = []
    for i in range(len(z)):
        distances = [torch.sqrt((z[i] - z[j]).square().sum().clamp(min=1e-12)) for j in range(len(z))]
        positives = [d for j, d in enumerate(distances) if j != i and instances[j] == instances[i]]
        negatives = [d for j, d in enumerate(distances) if instances[j] != instances[i]]
        if positives and negatives:
            losses.append(torch.log1p(torch.exp(torch.stack(positives).max() - torch.stack(negatives).min())))
    return torch.stack(losses).mean()


def unit_rows(count: int, dim: int = 8, seed: int = 0) -> Tensor:
    return functional.normalize(
        torch.randn(count, dim, dtype=torch.float64, generator=torch.Generator().manual_seed(seed)), dim=1
    )


def test_the_loss_is_that_of_the_oracle() -> None:
    assert batch_hard_triplet(L2norm()(ROWS), INSTANCES).item() == pytest.approx(0.5897142439, abs=1e-10)


def test_losses_of_single_rows_are_those_of_the_oracle() -> None:
    expected = [0.8326872344, 0.5707155755, 0.4666527514, 0.7618094013, 0.4573112653, 0.4491092356]
    positive = [0.8944272, 0.6324555, 0.8944272, 0.7653669, 0.7653669, 0.6324555]
    z = L2norm()(ROWS).requires_grad_()
    for i, value in enumerate(expected):
        rows = [i, *(j for j in range(6) if j != i)]
        # weighing one row alone: the loss of all rows less that of the others is a mean over six
        others = [expected[j] for j in range(6) if j != i]
        total = 6 * batch_hard_triplet(z[rows], INSTANCES[rows]).item()
        assert total - sum(others) == pytest.approx(value, abs=1e-9)
    distances = torch.cdist(z, z).masked_fill(INSTANCES.unsqueeze(1) != INSTANCES, 0).amax(dim=1)
    assert distances.tolist() == pytest.approx(positive, abs=1e-7)


def test_without_unit_rows_it_is_another_loss() -> None:
    # values of two wrong variants, so the right one cannot be mistaken for them
    assert by_all_pairs(ROWS, INSTANCES).item() == pytest.approx(1.2704660061, abs=1e-10)
    along_the_batch = functional.normalize(ROWS, dim=0)
    assert by_all_pairs(along_the_batch, INSTANCES).item() == pytest.approx(0.7448436890, abs=1e-10)


@pytest.mark.parametrize("instances", [[0, 0, 1, 1, 2, 2, 3, 3], [5, 5, 5, 9, 9, 9, 9, 9], [0, 1, 0, 1, 2, 3, 2, 1]])
def test_value_and_gradient_are_those_of_the_formula_over_all_pairs(instances: list[int]) -> None:
    z = unit_rows(8).requires_grad_()
    labels = torch.tensor(instances)
    found, expected = batch_hard_triplet(z, labels), by_all_pairs(z, labels)
    assert found.item() == pytest.approx(expected.item(), abs=1e-12)
    torch.testing.assert_close(*(torch.autograd.grad(loss, z)[0] for loss in (found, expected)), atol=1e-12, rtol=0)


def test_gradient_matches_finite_differences() -> None:
    labels = torch.arange(4).repeat_interleave(2)
    z = unit_rows(8).requires_grad_()
    assert torch.autograd.gradcheck(lambda h: batch_hard_triplet(L2norm()(h), labels), (z,))


def test_unit_rows_keep_the_loss_within_its_range() -> None:
    apart = torch.tensor([[1.0, 0.0], [1.0, 0.0], [-1.0, 0.0], [-1.0, 0.0]])
    least, most = math.log(1 + math.exp(-2)), math.log(1 + math.exp(2))
    assert batch_hard_triplet(apart, torch.tensor([0, 0, 1, 1])).item() == pytest.approx(least, abs=1e-5)
    assert batch_hard_triplet(apart, torch.tensor([0, 1, 0, 1])).item() == pytest.approx(most, abs=1e-5)


def test_collapse_gives_exactly_the_logarithm_of_two_and_no_gradient() -> None:
    z = torch.tensor([[0.6, 0.8]]).repeat(8, 1).requires_grad_()
    loss = batch_hard_triplet(z, torch.arange(4).repeat_interleave(2))
    assert loss.item() == pytest.approx(math.log(2), abs=1e-7)
    assert torch.autograd.grad(loss, z)[0].abs().max() == 0


@pytest.mark.parametrize("instances", [[0, 1, 2, 3], [0, 0, 0, 0], [7, 7, 7, 7]])
def test_one_view_per_image_or_one_image_gives_zero_and_no_gradient(instances: list[int]) -> None:
    z = unit_rows(4).requires_grad_()
    loss = batch_hard_triplet(z, torch.tensor(instances))
    assert loss.item() == 0 and torch.autograd.grad(loss, z)[0].abs().max() == 0


def test_rows_without_a_partner_are_not_counted() -> None:
    z = unit_rows(5)
    labels = torch.tensor([0, 0, 1, 1, 2])
    alone = by_all_pairs(z, labels)  # row 4 is a negative of the others and has no term of its own
    assert batch_hard_triplet(z, labels).item() == pytest.approx(alone.item(), abs=1e-12)


def test_the_order_of_rows_and_the_numbers_of_instances_do_not_matter() -> None:
    z, labels = unit_rows(12), torch.arange(4).repeat_interleave(3)
    order = torch.randperm(12, generator=torch.Generator().manual_seed(1))
    expected = batch_hard_triplet(z, labels).item()
    assert batch_hard_triplet(z[order], 100 - 7 * labels[order]).item() == pytest.approx(expected, abs=1e-12)


def test_single_precision_finds_nearly_the_same() -> None:
    z, labels = unit_rows(64, dim=128), torch.arange(8).repeat_interleave(8)
    assert batch_hard_triplet(z.float(), labels).item() == pytest.approx(by_all_pairs(z, labels).item(), abs=1e-6)


def test_no_distance_between_near_copies_is_lost_to_cancellation() -> None:
    z = functional.normalize(torch.tensor([[1.0, 0.0], [1.0, 1e-4], [0.0, 1.0], [1e-4, 1.0]]), dim=1).requires_grad_()
    labels = torch.tensor([0, 0, 1, 1])
    found = torch.autograd.grad(batch_hard_triplet(z, labels), z)[0]
    exact = z.detach().double().requires_grad_()
    expected = torch.autograd.grad(by_all_pairs(exact, labels), exact)[0]
    torch.testing.assert_close(found.double(), expected, atol=1e-3, rtol=0)


def test_it_is_one_graph_to_the_compiler() -> None:
    z, labels = unit_rows(8).float(), torch.arange(4).repeat_interleave(2)
    compiled = torch.compile(batch_hard_triplet, fullgraph=True, backend="eager")
    torch.testing.assert_close(compiled(z, labels), batch_hard_triplet(z, labels))
