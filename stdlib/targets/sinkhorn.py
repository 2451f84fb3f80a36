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

    Computed with logarithms in float32: nothing overflows, as powers themselves do for `epsilon` below 0.0113. Below
    0.001 the seven digits of a cosine no longer say how large its power is.

    Source: Caron et al., NeurIPS 2020 (SwAV), sec. 3.1 and app. A; Cuturi, NeurIPS 2013. In [0, 1]; the larger
    `epsilon`, the nearer to 1 / classes. Several processes: the scores of all are gathered, and every process computes
    the assignments of the whole batch.
    """
    exact = torch.promote_types(scores.dtype, torch.float32)
    with torch.autocast(scores.device.type, enabled=False):
        rows = scores if context is None else torch.cat([context, scores])
        log_q = rows.detach().to(exact) / epsilon
        log_mass = _log_mass(log_q, len(rows) - len(scores), ready)
        for _ in range(iterations):
            log_q = log_q - (log_q + log_mass).logsumexp(dim=0)
            log_q = log_q - log_q.logsumexp(dim=1, keepdim=True)
        return log_q[len(rows) - len(scores) :].exp()


def _log_mass(rows: Tensor, queued: int, ready: Tensor | None) -> Tensor:
    """How much every row counts, as logarithms (rows, 1): -inf for the first `queued` ones unless they are ready."""
    mass = rows.new_zeros(len(rows), 1)
    if ready is not None:
        absent = torch.where(ready > 0, 0.0, -torch.inf).to(rows.dtype)
        mass = torch.cat([absent.expand(queued, 1), mass[queued:]])
    return mass
