"""Whatever a metric is: a sample with scores or features that are not numbers is never right."""

import math

import pytest
import torch
from op_inputs import op_of

from ssldsl.ops.library import Library
from ssldsl.ops.signature import Signature

LIBRARY = Library.shipped()
FOUND = [signature for name in sorted(LIBRARY.names()) if (signature := LIBRARY.get(name)) is not None]
OTHERS: tuple[str, ...] = ()  # they read labels, and say no share of what is right: an error, say
METRICS = [
    s
    for s in FOUND
    if s.role == "metrics"
    and s.outputs[0].kind == "Scalar"
    and any(e.kind == "Labels" for e in s.edges)
    and s.name not in OTHERS
]
TRUTH = torch.arange(12) % 3


def good(signature: Signature) -> dict[str, torch.Tensor]:
    """Inputs of which every metric says that all samples are right."""
    scores = 5 * torch.eye(3)[TRUTH]
    labels = {e.name: TRUTH for e in signature.edges if e.kind == "Labels"}
    return {**{e.name: scores for e in signature.edges if e.kind != "Labels"}, **labels}


def of_samples(signature: Signature) -> list[str]:
    return [e.name for e in signature.edges if e.kind != "Labels" and e.dims[0] == "samples"]


def numbers(result: float | tuple[float, ...]) -> list[float]:
    """What a metric says: one number, or several."""
    return list(result) if isinstance(result, tuple) else [result]


def spoiled(values: torch.Tensor, rows: slice, number: float) -> torch.Tensor:
    found = values.clone()
    found[rows, 1] = number
    return found


@pytest.mark.parametrize("signature", METRICS, ids=lambda s: s.name)
def test_a_metric_is_one_where_all_is_right_and_zero_where_no_score_is_a_number(signature: Signature) -> None:
    metric, given = op_of(signature), good(signature)
    nothing = {name: spoiled(given[name], slice(None), math.nan) for name in of_samples(signature)}
    all_right = [1] * len(signature.outputs)
    assert numbers(metric(**given)) == pytest.approx(all_right), "no share of what is right: a metric of OTHERS"
    assert numbers(metric(**given | nothing)) == [0] * len(signature.outputs)


@pytest.mark.parametrize("signature", METRICS, ids=lambda s: s.name)
def test_half_of_the_samples_without_a_number_are_not_right(signature: Signature) -> None:
    metric, given = op_of(signature), good(signature)
    found = metric(**given | {name: spoiled(given[name], slice(6), math.nan) for name in of_samples(signature)})
    assert 0 <= min(numbers(found)) < 0.7


@pytest.mark.parametrize("signature", [s for s in METRICS if "bank" in str(s.edges)], ids=lambda s: s.name)
@pytest.mark.parametrize("number", [math.nan, math.inf])
def test_what_is_no_number_in_a_bank_tells_nothing(signature: Signature, number: float) -> None:
    metric, given = op_of(signature), good(signature)
    bank = next(e.name for e in signature.edges if e.dims[0] == "bank" and e.kind != "Labels")
    assert metric(**given | {bank: spoiled(given[bank], slice(3), number)}) == 1
    assert metric(**given | {bank: spoiled(given[bank], slice(None), number)}) == 0
