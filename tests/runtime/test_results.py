"""What metrics give, as the records hold it."""

import json
import math
from typing import NamedTuple

import numpy as np
import pytest
import torch

from ssldsl.runtime.evaluate.results import LONGEST, MOST, Evaluated, NoResult, unfit_rows, with_warnings


class Pair(NamedTuple):
    share: float
    sizes: torch.Tensor


def evaluated(**results: object) -> Evaluated:
    found = Evaluated("main")
    for name, result in results.items():
        found.add(name, result)
    json.dumps(found.results, allow_nan=False)
    return found


@pytest.mark.parametrize(
    ("result", "expected"),
    [
        (0.5, 0.5),
        (3, 3.0),
        (True, 1.0),
        (np.float32(0.25), 0.25),
        (torch.tensor(0.5), 0.5),
        (torch.tensor([2]), 2.0),
        (torch.tensor([1, 2]), [1.0, 2.0]),
        (torch.eye(2), [[1.0, 0.0], [0.0, 1.0]]),
    ],
)
def test_numbers_and_small_arrays_are_recorded_as_they_are(result: object, expected: object) -> None:
    assert evaluated(m=result).results == {"m": expected}


def test_several_numbers_are_recorded_by_their_names() -> None:
    assert evaluated(m=Pair(0.5, torch.tensor([1.0, 2.0]))).results == {"m.share": 0.5, "m.sizes": [1.0, 2.0]}


@pytest.mark.parametrize(
    ("number", "word"), [(math.nan, "not a number"), (math.inf, "infinite"), (-math.inf, "infinite")]
)
def test_what_is_no_number_is_null_and_named(number: float, word: str) -> None:
    for result in (number, torch.tensor(number)):
        found = evaluated(m=result)
        assert found.results == {"m": None}
        assert list(found.notes.values()) == [f"`m` is {word}: it is recorded as null"]
    found = evaluated(m=torch.tensor([1.0, number]))
    assert found.results == {"m": [1.0, None]} and "1 of the 2 numbers of `m`" in found.notes["m"]


@pytest.mark.parametrize("result", [{"a": 1}, "0.5", None, [1.0], torch.tensor(1j)], ids=str)
def test_anything_else_is_no_result(result: object) -> None:
    with pytest.raises(NoResult, match="a metric gives a number, a tensor of numbers, or a NamedTuple"):
        evaluated(m=result)


def test_what_is_too_long_for_a_line_has_a_file() -> None:
    longest, longer = torch.ones(LONGEST), torch.ones(LONGEST + 1)
    found = evaluated(a=longest, b=longer)
    assert found.results == {"a": [1.0] * LONGEST, "b": {"file": "arrays/main-b.csv", "shape": [LONGEST + 1]}}
    assert torch.equal(found.arrays["b"], longer.double())


def test_what_is_too_long_for_a_file_is_named() -> None:
    found = evaluated(m=torch.ones(MOST + 1))
    assert found.results == {"m": {"shape": [MOST + 1]}} and not found.arrays
    assert found.notes["m"] == "`m` has 1,000,001 numbers other than 0, which are too many to be recorded"


def test_inputs_that_are_not_numbers_are_counted() -> None:
    logits = torch.zeros(4, 2)
    logits[1, 0] = logits[3] = math.nan
    logits[0, 0] = -math.inf  # a class that is masked out
    (note,) = unfit_rows({"logits": logits, "labels": torch.zeros(4, dtype=torch.int64)}, "top1").values()
    assert note.startswith("2 of the 4 samples of `logits` that `top1` reads are not numbers")


def test_warnings_for_users_become_notes_and_others_stay_warnings() -> None:
    import warnings

    def call() -> int:
        warnings.warn("raise it.\nmore", UserWarning, stacklevel=1)
        return 3

    assert with_warnings("m", call) == (3, {"m: raise it": "`m`: raise it"})
    with pytest.warns(DeprecationWarning, match="old"):
        with_warnings("m", lambda: warnings.warn("old", DeprecationWarning, stacklevel=1))
