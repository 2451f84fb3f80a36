"""Cluster assignments with clusters of nearly equal size."""

from typing import Annotated

import torch
from annotated_types import Ge
from torch import Tensor

from ssldsl.ops import Detached, Logits, PositiveInt, Probs, Scalar, op


@op(paper="caron2020swav", across="gather")
def sinkhorn(
    scores: Detached[Logits[Tensor, "batch classes"]],
    context: Detached[Logits[Tensor, "queue classes"]] | None = None,
    ready: Detached[Scalar[Tensor, ""]] | None = None,
    *,
    epsilon: Annotated[float, Ge(0.001)] = 0.05,
    iterations: PositiveInt = 3,
) -> Probs[Tensor, "batch classes"]:
    r"""Sinkhorn-Knopp: soft assignments of samples to clusters that are made nearly equal in size.

    $$ Q \leftarrow e^{S / \varepsilon}, \quad \text{then } iterations \text{ times} \quad
       Q_{nk} \leftarrow \frac{Q_{nk}}{\sum_m Q_{mk}}, \quad Q_{nk} \leftarrow \frac{Q_{nk}}{\sum_j Q_{nj}} $$

    Clusters come first and samples last, so rows sum to one and clusters are only nearly as large as one another. S are
    cosines of unit rows, without a temperature. `context`: scores of further samples, such as those of a queue, which
    count in the size of the clusters and get no assignment; while `ready` is 0 they do not count.

    Computed in float32, for `epsilon` below 0.025 with logarithms: nothing overflows, as powers themselves do below
    0.0113. Below 0.001 the seven digits of a cosine no longer say how large its power is.

    Source: Caron et al., NeurIPS 2020 (SwAV), sec. 3.1 and app. A; Cuturi, NeurIPS 2013. In [0, 1]; the larger
    `epsilon`, the nearer to 1 / classes. Several processes: the scores of all are gathered, and every process computes
    the assignments of the whole batch.
    """
    exact = torch.promote_types(scores.dtype, torch.float32)
    with torch.autocast(scores.device.type, enabled=False):
        rows = scores if context is None else torch.cat([context, scores])
        first = len(rows) - len(scores)
        log_q = rows.detach().to(exact) / epsilon
        log_mass = None if ready is None else _log_mass(log_q, first, ready)
        scale = _scale if epsilon >= LEAST_FOR_POWERS else _scale_logarithms
        return scale(log_q, log_mass, iterations, first)


LEAST_FOR_POWERS = 0.025  # cosines differ by at most 2, and exp(-80) is a number of float32 with all its digits
LEAST_POWER = -87.0


def _log_mass(rows: Tensor, queued: int, ready: Tensor) -> Tensor:
    """How much every row counts, as logarithms (rows, 1): -inf for the first `queued` ones unless they are ready."""
    absent = torch.where(ready > 0, 0.0, -torch.inf).to(rows.dtype)
    return torch.cat([absent.expand(queued, 1), rows.new_zeros(len(rows) - queued, 1)])


def _scale(log_q: Tensor, log_mass: Tensor | None, iterations: int, first: int) -> Tensor:
    """The rows from `first` on, scaled: a power is scaled by a number of its row and one of its column, every time.

    So powers are taken once, of every column the largest as 1. What is smaller than any float32 is the smallest.
    """
    counted = log_q if log_mass is None else log_q + log_mass
    powers = (log_q - counted.amax(dim=0)).clamp_(LEAST_POWER, 0).exp_()
    mass = torch.ones_like(powers[:, 0]) if log_mass is None else log_mass.squeeze(1).exp()
    of_row = mass
    for _ in range(iterations):
        of_column = ((mass * of_row) @ powers).reciprocal()
        of_row = (powers @ of_column).reciprocal()
    return powers[first:] * of_column * of_row[first:, None]


def _scale_logarithms(log_q: Tensor, log_mass: Tensor | None, iterations: int, first: int) -> Tensor:
    """The rows from `first` on, scaled."""
    for _ in range(iterations):
        counted = log_q if log_mass is None else log_q + log_mass
        log_q = log_q - counted.logsumexp(dim=0)
        log_q = log_q - log_q.logsumexp(dim=1, keepdim=True)
    return log_q[first:].exp()
