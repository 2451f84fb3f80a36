"""Samples of a metric over seeds set against each other. A quantity that the numbers do not determine is none."""

import math
from collections.abc import Mapping, Sequence
from statistics import fmean, stdev

from attrs import frozen
from scipy.stats import ttest_ind, ttest_rel


@frozen
class Paired:
    """Differences seed by seed, where both groups have the same seeds."""

    n: int
    difference: float
    sd: float
    p: float | None


def spread(values: Sequence[float]) -> float | None:
    """Standard deviation of the sample; none for less than two values."""
    return stdev(values) if len(values) > 1 else None


def welch(first: Sequence[float], second: Sequence[float]) -> float | None:
    """Two-sided p-value of Welch's t-test: how rarely chance alone sets two means as far apart."""
    if min(len(first), len(second)) < 2 or (not spread(first) and not spread(second)):
        return None
    return _number(ttest_ind(first, second, equal_var=False).pvalue)


def paired(first: Mapping[int, float], second: Mapping[int, float]) -> Paired | None:
    """The values of `second` minus those of `first`, if both have the same seeds, at least two of them."""
    if set(first) != set(second) or len(first) < 2:
        return None
    differences = [second[seed] - first[seed] for seed in sorted(first)]
    sd = stdev(differences)
    same = sorted(first)
    p = _number(ttest_rel([second[s] for s in same], [first[s] for s in same]).pvalue) if sd else None
    return Paired(len(differences), fmean(differences), sd, p)


def _number(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None
