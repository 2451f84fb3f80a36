r"""Is a tiny validation set enough? What small subsets of a data set say about some runs, against what all of it says.

Of every size some class-balanced subsets are drawn, the same for all runs; each gives every run an accuracy. Reported
are the correlation of these with the accuracies on all samples, over runs, and the *regret* of choosing by the subset:

$$ \\mathrm{regret} = \\max_r A_r - A_{\\arg\\max_r a_r} $$

with `A` on all samples and `a` on the subset; of runs that are equal on the subset the mean counts, as if one of them
were chosen by lot. Source: Zhai et al., ICCV 2019, sec. 7, which asks the question; sizes and repetition are the
reader's.
"""

import math
from collections.abc import Sequence
from statistics import fmean

import numpy as np
from attrs import frozen
from numpy.typing import NDArray
from scipy.stats import pearsonr, spearmanr

from ssldsl.errors import Diagnostic, SpecError
from ssldsl.ops.stratified_subsets import even_shares, first_of_each, seeded_order
from ssldsl.report.statistics import spread

Right = NDArray[np.bool_]  # runs x samples
Rows = NDArray[np.int64]
Accuracies = NDArray[np.float64]


@frozen
class Mean:
    """A quantity over draws: none where no draw determines it. `sd`: none for fewer than two."""

    mean: float | None
    sd: float | None

    @staticmethod
    def of(values: Sequence[float]) -> "Mean":
        known = [value for value in values if math.isfinite(value)]
        return Mean(fmean(known) if known else None, spread(known))


@frozen
class SubsetSize:
    """Subsets of one size. `subsets`: accuracies, draws x runs.

    found: share of the draws whose best run is the best on all samples. drawn: s.d. over draws of the accuracy of one
    run, the mean over runs; binomial: the same of independent samples.
    """

    samples: int
    subsets: Accuracies
    pearson: Mean
    spearman: Mean
    regret: Mean
    found: float
    drawn: float | None
    binomial: float


@frozen
class Validation:
    """All sizes, the whole data set last. `accuracies`: of every run on all samples."""

    samples: int
    classes: int
    draws: int
    seed: int
    accuracies: Accuracies
    sizes: tuple[SubsetSize, ...]


def validate(right: Right, labels: Rows, sizes: Sequence[int], *, draws: int, seed: int) -> Validation:
    """What subsets of these sizes say. right: whether a run is right about a sample. labels: class of every sample.

    Raises R304 for a size below one sample a class or above all samples.
    """
    classes = len(np.unique(labels))
    wanted = sorted(set(sizes) - {len(labels)})
    for size in wanted:
        _check_size(size, classes, len(labels))
    accuracies = right.mean(axis=1)
    found = [_size(right, accuracies, subsets(labels, size, draws, seed)) for size in wanted]
    everything = _size(right, accuracies, [np.arange(len(labels))])
    return Validation(len(labels), classes, draws, seed, accuracies, (*found, everything))


def usual_sizes(labels: Rows) -> list[int]:
    """One and five samples of every class, as far as they go."""
    classes = len(np.unique(labels))
    return [size for size in (classes, 5 * classes) if size <= len(labels)]


def subsets(labels: Rows, size: int, draws: int, seed: int) -> list[Rows]:
    """Class-balanced rows of every draw. Of one draw a larger subset contains a smaller one."""
    import torch

    known = torch.from_numpy(labels)
    counts = known.bincount()
    found = []
    for draw in range(draws):
        purpose = f"validation/{draw}"
        order = seeded_order(torch.arange(len(labels)), seed, purpose)
        classes = seeded_order(torch.arange(len(counts)), seed, f"{purpose}/classes")
        found.append(first_of_each(known, order, even_shares(counts, size, classes)).numpy())
    return found


def binomial_sd(accuracy: float, samples: int) -> float:
    r"""Standard deviation of the accuracy on independent samples, $$ \sqrt{p (1 - p) / n} $$."""
    return math.sqrt(accuracy * (1 - accuracy) / samples)


def pearson(subset: Accuracies, accuracies: Accuracies) -> float:
    """Correlation over runs; no number where all are equal on one side."""
    return float(pearsonr(subset, accuracies).statistic) if _vary(subset, accuracies) else math.nan


def spearman(subset: Accuracies, accuracies: Accuracies) -> float:
    """Correlation of the ranks of the runs; no number where all are equal on one side."""
    return float(spearmanr(subset, accuracies).statistic) if _vary(subset, accuracies) else math.nan


def _vary(*several: Accuracies) -> bool:
    return all(np.ptp(values) > 0 for values in several)


def expected_regret(subset: Accuracies, accuracies: Accuracies) -> float:
    """What choosing by a subset loses; the mean over runs that are equal there."""
    return float(accuracies.max() - accuracies[subset == subset.max()].mean())


def chance_to_find(subset: Accuracies, accuracies: Accuracies) -> float:
    """Probability that a run chosen by a subset is the best on all samples."""
    chosen = subset == subset.max()
    return float((accuracies[chosen] == accuracies.max()).mean())


def _size(right: Right, accuracies: Accuracies, rows: list[Rows]) -> SubsetSize:
    drawn = np.stack([right[:, own].mean(axis=1) for own in rows])
    return SubsetSize(
        samples=len(rows[0]),
        subsets=drawn,
        pearson=Mean.of([pearson(own, accuracies) for own in drawn]),
        spearman=Mean.of([spearman(own, accuracies) for own in drawn]),
        regret=Mean.of([expected_regret(own, accuracies) for own in drawn]),
        found=fmean(chance_to_find(own, accuracies) for own in drawn),
        drawn=float(drawn.std(axis=0, ddof=1).mean()) if len(drawn) > 1 else None,
        binomial=fmean(binomial_sd(accuracy, len(rows[0])) for accuracy in accuracies.tolist()),
    )


def _check_size(size: int, classes: int, samples: int) -> None:
    if classes <= size <= samples:
        return
    reason = (
        f"there are {samples} samples" if size > samples else f"there are {classes} classes, one sample each at least"
    )
    raise SpecError(Diagnostic("R304", f"`--sizes {size}` is no size of a subset: {reason}"))
