"""PAWS. Worked numbers were computed with NumPy in float64 and agree with the authors' code."""

import math

import pytest
import torch
from torch import Tensor
from torch.nn.functional import cosine_similarity
from torch.nn.functional import one_hot as certain

from ssldsl.stdlib.losses.crop_cross_entropy import crop_cross_entropy
from ssldsl.stdlib.losses.marginal_entropy import marginal_entropy
from ssldsl.stdlib.targets.one_hot import one_hot
from ssldsl.stdlib.targets.sharpen import sharpen
from ssldsl.stdlib.targets.soft_nearest_neighbors import soft_nearest_neighbors


def double(rows: list[list[float]]) -> Tensor:
    return torch.tensor(rows, dtype=torch.float64)


SUPPORT = double([[1, 0], [0, 1], [0.8, 0.6], [-0.6, 0.8]])
TRUTH = one_hot(torch.tensor([0, 1, 0, 1]), classes=2, smoothing=0.1)
CROPS = [double([[0.9, 0.1], [0.2, 0.7]]), double([[0.7, 0.5], [0.1, 0.9]]), double([[0.6, 0.4], [0.3, 0.8]])]


def guesses() -> list[Tensor]:
    return [soft_nearest_neighbors(crop, SUPPORT, TRUTH) for crop in CROPS]


def targets() -> list[Tensor]:
    return [sharpen(p, temperature=0.25) for p in guesses()[:2]]


def test_labels_are_smoothed_over_all_classes() -> None:
    torch.testing.assert_close(TRUTH, torch.tensor([[0.95, 0.05], [0.05, 0.95]] * 2))


def test_the_support_gives_the_worked_assignments() -> None:
    found = torch.cat(guesses())[:, 0].tolist()
    assert found == pytest.approx([0.949896, 0.192502, 0.938271, 0.086730, 0.941121, 0.301440], abs=1e-6)


def test_the_cross_entropy_has_the_worked_value() -> None:
    assert crop_cross_entropy(guesses(), targets()).mean().item() == pytest.approx(0.141337, abs=1e-6)


def test_the_regularizer_has_the_worked_value() -> None:
    sharp = [sharpen(p, temperature=0.25) for p in guesses()]
    assert torch.cat(sharp).mean(dim=0).tolist() == pytest.approx([0.506128, 0.493872], abs=1e-6)
    assert -marginal_entropy(sharp).item() == pytest.approx(-0.693072, abs=1e-6)


def test_the_total_has_the_worked_value() -> None:
    spread = marginal_entropy([sharpen(p, temperature=0.25) for p in guesses()])
    assert (crop_cross_entropy(guesses(), targets()).mean() - spread).item() == pytest.approx(-0.551735, abs=1e-6)


def test_exchanging_the_large_crops_changes_nothing() -> None:
    first, second, small = guesses()
    exchanged = crop_cross_entropy([second, first, small], targets()[::-1]).mean()
    torch.testing.assert_close(exchanged, crop_cross_entropy(guesses(), targets()).mean())


def test_the_entropy_is_largest_where_all_classes_are_used_alike() -> None:
    assert marginal_entropy([torch.eye(5), torch.eye(5)]).item() == pytest.approx(math.log(5))


def test_one_class_for_all_has_no_entropy() -> None:
    assert marginal_entropy([certain(torch.zeros(4, dtype=torch.int64), 3).float()]).item() == 0


def test_assignments_and_their_gradients_are_those_of_the_sum_over_the_support() -> None:
    generator = torch.Generator().manual_seed(0)
    rows, support = (torch.randn(n, 4, generator=generator, dtype=torch.float64, requires_grad=True) for n in (3, 6))
    labels = torch.randn(6, 5, generator=generator, dtype=torch.float64).softmax(dim=1)
    alike = torch.stack([(cosine_similarity(row, support, dim=1) / 0.2).exp() for row in rows])
    expected = torch.stack([(a.unsqueeze(1) * labels).sum(dim=0) / a.sum() for a in alike])
    found = soft_nearest_neighbors(rows, support, labels, temperature=0.2)
    torch.testing.assert_close(found, expected)
    weights = torch.randn(3, 5, generator=generator, dtype=torch.float64)
    for one, other in zip(
        torch.autograd.grad((found * weights).sum(), (rows, support)),
        torch.autograd.grad((expected * weights).sum(), (rows, support)),
        strict=True,
    ):
        torch.testing.assert_close(one, other)


def test_small_parts_of_a_target_count_nothing() -> None:
    wanted = [double([[0.99995, 0.00005]]), double([[0.99995, 0.00005]])]
    predicted = [double([[0.5, 0.5]]), double([[0.5, 0.5]])]
    assert crop_cross_entropy(predicted, wanted).mean().item() == pytest.approx(0.99995 * math.log(2), abs=1e-12)


def test_one_crop_alone_is_refused() -> None:
    with pytest.raises(ValueError, match="2 targets for 1 crops"):
        crop_cross_entropy(guesses()[:1], targets())
