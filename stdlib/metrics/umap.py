"""UMAP pictures of latent spaces."""

import warnings
from typing import Annotated, Literal

import torch
from annotated_types import Ge
from torch import Tensor

from ssldsl.ops import Features, Fraction, Labels, NonNegativeInt, Points, PositiveInt, Values, op
from ssldsl.ops.net import Net


@op(paper="mcinnes2018umap", needs="umap", applied_to="features")
def umap(
    features: Features[Tensor, "samples dim"],
    labels: Labels[Tensor, "samples"],
    prototypes: Net | None = None,
    centroids: Values[Tensor, "centroids dim"] | None = None,
    *,
    max_classes: PositiveInt = 20,
    max_samples: PositiveInt = 5000,
    max_prototypes: PositiveInt = 300,
    n_neighbors: Annotated[int, Ge(2)] = 15,
    min_dist: Fraction = 0.1,
    metric: Literal["cosine", "euclidean"] = "cosine",
    seed: NonNegativeInt = 0,
) -> Points[Tensor, "points 4"]:
    r"""UMAP: features of up to `max_classes` classes, placed in the plane such that neighbors stay neighbors.

    $$ \min_y \sum_{i \ne j} \mathrm{CE}\big(p_{ij},\, (1 + a \|y_i - y_j\|^{2b})^{-1}\big), \quad
       p_{j|i} = e^{-\max(0,\, d_{ij} - \rho_i) / \sigma_i}, \quad p_{ij} = p_{j|i} + p_{i|j} - p_{j|i}\, p_{i|j} $$

    At most `max_classes` classes and `max_samples` samples of them are shown, chosen by `seed`, which decides the whole
    picture. `prototypes` is a linear map from features to scores, whose rows are placed among the samples and marked;
    `centroids` are such rows themselves. If there is one for every class, those of the classes
    shown are marked, else at most `max_prototypes` of them, chosen by `seed`.
    Rows of the result are x, y, class (-1 for a mark of no class) and whether it is a mark. Distances between far
    points and the axes mean nothing. Samples with a feature that is not finite are left out.

    Source: McInnes et al. 2018, sec. 3; such a picture, of 20 random classes: Fini et al., CVPR 2023, supplement.
    Needs the package umap-learn: `pip install "ssldsl[umap]"`.
    """
    finite = features.isfinite().all(dim=1).cpu()
    points, kinds = features.cpu().float()[finite], labels.cpu()[finite]
    shown = _shown(kinds, max_classes, max_samples, seed)
    points, kinds = points[shown], kinds[shown]
    candidates = _rows_of(prototypes, features) if centroids is None else centroids.cpu().float()
    rows, owners = _marked(candidates, kinds, int(labels.max()) + 1, max_prototypes, seed)
    places = _embedded(torch.cat([points, rows]), n_neighbors, min_dist, metric, seed)
    is_mark = torch.arange(len(places)) >= len(points)
    return torch.column_stack([places, torch.cat([kinds, owners]).float(), is_mark.float()])


def _chosen(count: int, limit: int, seed: int) -> Tensor:
    """At most `limit` of the numbers below `count`, ascending."""
    return torch.randperm(count, generator=torch.Generator().manual_seed(seed))[:limit].sort().values


def _shown(labels: Tensor, max_classes: int, max_samples: int, seed: int) -> Tensor:
    """The rows to show."""
    present: Tensor = labels.unique()  # type: ignore[no-untyped-call]  # torch's
    own = torch.isin(labels, present[_chosen(len(present), max_classes, seed)]).nonzero().squeeze(1)
    return own[_chosen(len(own), max_samples, seed)]


def _rows_of(prototypes: Net | None, features: Tensor) -> Tensor:
    """The rows of a linear map, none where there is no map."""
    if prototypes is None:
        return torch.empty(0, features.shape[1])
    units = torch.eye(features.shape[1] + 1, features.shape[1], device=features.device)  # the last row is zero
    scores = prototypes.frozen(units).detach().float().cpu()
    return (scores[:-1] - scores[-1]).T


def _marked(rows: Tensor, shown: Tensor, classes: int, max_prototypes: int, seed: int) -> tuple[Tensor, Tensor]:
    """The rows to mark, and the class of each."""
    if len(rows) == classes:
        owners: Tensor = shown.unique()  # type: ignore[no-untyped-call]  # torch's
        return rows[owners], owners
    chosen = _chosen(len(rows), max_prototypes, seed)
    return rows[chosen], torch.full_like(chosen, -1)


def _embedded(rows: Tensor, n_neighbors: int, min_dist: float, metric: str, seed: int) -> Tensor:
    if len(rows) < 4:
        raise ValueError(f"a picture of {len(rows)} points: UMAP wants four at least")
    with warnings.catch_warnings():
        # umap tells of tensorflow, which we do not use
        warnings.filterwarnings("ignore", message="Tensorflow not installed", category=ImportWarning)
        from umap import UMAP  # here: optional, and seconds to import
    made = UMAP(
        n_neighbors=min(n_neighbors, len(rows) - 1),
        min_dist=min_dist,
        metric=metric,
        init="spectral" if len(rows) > 10 else "random",  # few points have no spectrum to begin from
        random_state=seed,
        n_jobs=1,  # with more the seed decides nothing
    )
    return torch.from_numpy(made.fit_transform(rows.numpy()))
