"""Numbers over time: thinned, averaged, and told."""

import pytest

from ssldsl.report.svg.series import duration, over_runs, short, thinned, ticks, told, whole


def test_few_points_stay_as_they_are() -> None:
    assert thinned(((1, 2, 3), (0.1, 0.2, 0.3)), 3) == (((1, 2, 3), (0.1, 0.2, 0.3)), (), ())


def test_many_points_become_means_with_their_extremes() -> None:
    points, low, high = thinned(((1, 2, 3, 4, 5), (1.0, 3.0, 5.0, 7.0, 10.0)), 3)
    assert (points, low, high) == (((2, 4, 5), (2.0, 6.0, 10.0)), (1.0, 5.0, 10.0), (3.0, 7.0, 10.0))


def test_runs_are_averaged_where_all_of_them_have_a_value() -> None:
    (steps, means), sds = over_runs([((1, 2, 3), (1.0, 2.0, 9.0)), ((1, 2), (3.0, 6.0))])
    assert (steps, means, sds) == ((1, 2), (2.0, 4.0), pytest.approx((2**0.5, 8**0.5)))


def test_no_runs_have_no_average() -> None:
    assert over_runs([((), ())]) == (((), ()), ())


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (0.0, 1.0, [0, 0.25, 0.5, 0.75, 1.0]),
        (0.56, 0.91, [0.5, 0.6, 0.7, 0.8, 0.9, 1.0]),
        (0, 56, [0, 20, 40, 60]),
        (-1.0, 3.0, [-1, 0, 1, 2, 3]),
    ],
)
def test_ticks_are_round_and_hold_all_values(low: float, high: float, expected: list[float]) -> None:
    assert ticks(low, high, 5) == pytest.approx(expected)


@pytest.mark.parametrize("value", [0.0, 5.0, -2.0, 1e-9, 1e12])
def test_ticks_of_a_single_value_are_a_range(value: float) -> None:
    marks = ticks(value, value)
    assert marks[0] <= value <= marks[-1] and marks[0] < marks[-1]


def test_an_axis_of_values_that_differ_by_rounding_alone_is_that_of_one_value() -> None:
    assert ticks(10.0, 10.000000000000002) == ticks(10.0, 10.0)


@pytest.mark.parametrize(
    ("value", "text"),
    [(0, "0"), (0.25, "0.25"), (1200, "1200"), (25000, "25k"), (2e-5, "2e−5"), (2.5e6, "2.5M"), (-0.5, "−0.5")],
)
def test_axes_tell_numbers_shortly(value: float, text: str) -> None:
    assert short(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.90833, "0.9083"),
        (1.2374, "1.237"),
        (30.28, "30.28"),
        (0.00252, "0.00252"),
        (0.000252, "2.52e−4"),
        (1204.3, "1\u202f204"),
    ],
)
def test_measured_numbers_have_four_digits(value: float, text: str) -> None:
    assert told(value) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(3.14, "3.1 s"), (41, "41 s"), (201.6, "3 min 22 s"), (18120, "5 h 02 min"), (183600, "2 d 3 h")],
)
def test_durations_have_two_units(seconds: float, text: str) -> None:
    assert duration(seconds) == text


def test_thousands_stand_apart() -> None:
    assert whole(1234567) == "1\u202f234\u202f567"
