"""Means, spreads and tests over seeds. Numbers of R's own documentation: `?t.test` and Student's `sleep` data."""

from collections.abc import Sequence

import pytest

from ssldsl.report.statistics import paired, spread, welch

DRUG_1 = (0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0)
DRUG_2 = (1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4)


@pytest.mark.parametrize(
    ("first", "second", "p", "digits"),
    [
        (DRUG_1, DRUG_2, 0.07939, 5),  # t.test(extra ~ group, data = sleep)
        (range(1, 11), range(7, 21), 0.00001855, 8),  # t.test(1:10, y = c(7:20))
        (range(1, 11), (*range(7, 21), 200), 0.1245, 4),  # t.test(1:10, y = c(7:20, 200))
    ],
)
def test_welch_gives_the_p_values_that_r_prints(
    first: Sequence[float], second: Sequence[float], p: float, digits: int
) -> None:
    assert welch([float(v) for v in first], [float(v) for v in second]) == pytest.approx(p, abs=0.5001 * 10**-digits)


def test_paired_differences_give_the_p_value_that_r_prints() -> None:
    found = paired(dict(enumerate(DRUG_1)), dict(enumerate(DRUG_2)))
    assert found.p == pytest.approx(0.002833, abs=5e-7)  # t.test(..., paired = TRUE)


def test_paired_differences_are_the_second_minus_the_first() -> None:
    assert paired(dict(enumerate(DRUG_1)), dict(enumerate(DRUG_2))).difference == pytest.approx(1.58)


def test_pairs_are_made_by_seed_and_not_by_order() -> None:
    assert paired({0: 1.0, 1: 2.0}, {1: 2.5, 0: 1.5}).sd == pytest.approx(0.0)


def test_other_seeds_are_no_pairs() -> None:
    assert paired({0: 1.0, 1: 2.0}, {0: 1.0, 2: 2.0}) is None


@pytest.mark.parametrize(("first", "second"), [([1.0], [2.0, 3.0]), ([1.0, 1.0], [2.0, 2.0]), ([], [1.0, 2.0])])
def test_too_little_data_have_no_p_value(first: list[float], second: list[float]) -> None:
    assert welch(first, second) is None


def test_one_value_has_no_spread() -> None:
    assert spread([0.9]) is None
