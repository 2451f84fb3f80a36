"""Views of an image are near, after all correlation between features was taken away."""

from itertools import combinations

import torch
from torch import Tensor
from torch.nn.functional import cosine_similarity

from ssldsl.ops import Features, Fraction, PositiveInt, Scalar, op
from ssldsl.ops.random import SampleRng


@op(paper="ermolov2021whitening", across="gather")
def whitened_distance(
    views: list[Features[Tensor, "batch dim"]], *, rng: SampleRng, size: PositiveInt = 128, eps: Fraction = 0.0
) -> Scalar[Tensor, ""]:
    r"""W-MSE: the squared distance of the directions of whitened views of an image, in the mean over pairs of views.

    $$ L = \frac{1}{B |P|} \sum_{(u, v) \in P} \sum_b \bigl( 2 - 2 \cos(w^u_b, w^v_b) \bigr), \quad
       w_b = L^{-1}(z_b - \mu), \quad L L^\top = (1 - \epsilon) \mathrm{Cov}(z) + \epsilon I $$

    Mean and covariance, over n - 1, are those of a part of `size` rows of a view. The parts are drawn at random, alike
    for all views; rows that are left over go with the last. Where `eps` is 0, `size` must be more than the
    dimensions. No part can collapse, so nothing is held still: all sides learn.

    Source: Ermolov et al., ICML 2021 (W-MSE), eq. 2-5, with the Cholesky factor of its code. In [0, 4]. Several
    processes: the rows of all.
    """
    count, dim = views[0].shape
    if min(size, count) <= dim and eps == 0:
        raise ValueError(
            f"{min(size, count)} rows of {dim} dimensions cannot be whitened: size must be more than {dim}"
        )
    order = rng.permutation().to(views[0].device)
    exact = torch.promote_types(views[0].dtype, torch.float32)
    with torch.autocast(views[0].device.type, enabled=False):
        whitened = [_by_parts(rows.to(exact)[order], size, eps) for rows in views]
        pairs = [2 - 2 * cosine_similarity(u, v, dim=1).mean() for u, v in combinations(whitened, 2)]
        return torch.stack(pairs).mean()


def _by_parts(rows: Tensor, size: int, eps: float) -> Tensor:
    """Each `size` rows whitened by themselves."""
    ends = range(size, size * (len(rows) // size), size)
    return torch.cat([white(part, eps) for part in rows.tensor_split(list(ends))])


def white(rows: Tensor, eps: float) -> Tensor:
    """Rows without mean, and with the identity as their covariance."""
    centered = rows - rows.mean(dim=0)
    covariance = centered.T @ centered / (len(rows) - 1)
    mixed = (1 - eps) * covariance + eps * torch.eye(len(covariance), dtype=rows.dtype, device=rows.device)
    found: Tensor = torch.linalg.solve_triangular(torch.linalg.cholesky(mixed), centered.T, upper=False).T
    return found
