"""Clusters of the samples of a data set, by k-means on what a network makes of them."""

import math

import torch
from torch import Tensor

from ssldsl.ops import Features, PositiveInt, op
from ssldsl.ops.data import Data
from ssldsl.ops.random import SampleRng
from ssldsl.ops.samples import with_fields

_HELD = 4_194_304  # distances that are held at once
_NUDGE = 1 / 1024  # by which the two halves of a cluster that is split are moved apart


@op(paper="caron2018deepcluster", adds={"cluster": "Labels[clusters]"})
def kmeans_labels(
    data: Data,
    features: Features[Tensor, "samples dim"],
    *,
    rng: SampleRng,
    clusters: PositiveInt,
    components: PositiveInt | None = None,
    normalize: bool = True,
    iterations: PositiveInt = 20,
    balanced: bool = False,
) -> Data:
    r"""Every sample gets the number of its cluster, `cluster`, by k-means on features of all samples.

    $$ \min_{C, y} \frac{1}{N} \sum_n \lVert f_n - C_{y_n} \rVert^2 $$

    components: of a principal component analysis with whitening, before everything; none leaves the features as they
    are. normalize: rows of unit length. First centers by k-means++. A cluster that is left without samples takes half
    of the largest one, as the released code does. balanced: as many samples of every cluster, up to one, and as many in
    all as before; of a large cluster some are drawn, those of a small one are repeated.

    Source: Caron et al., ECCV 2018 (DeepCluster), sec. 3.2 and 4: whitened to 256 components, unit length, assigned
    anew before every epoch. In double precision, since which center is nearest decides.
    """
    if len(features) < clusters:
        raise ValueError(f"{len(features)} samples cannot be {clusters} clusters")
    rows = features.detach().double().cpu()
    if components is not None:
        rows = _whitened(rows, components)
    if normalize:
        rows = torch.nn.functional.normalize(rows, dim=1)
    centers = _first_centers(rows, clusters, rng)
    for _ in range(iterations):
        labels = _nearest(rows, centers)
        centers = _means(rows, labels, centers)
    labels = _filled(rows, centers)
    if not balanced:
        return with_fields(data, cluster=labels)
    drawn = _balanced(labels, clusters, rng)
    return with_fields(data.take(drawn), cluster=labels[drawn])


def _balanced(labels: Tensor, clusters: int, rng: SampleRng) -> Tensor:
    """Rows, as many as there are: equally many of every cluster, the first ones one more, in a random order each."""
    order = rng.uniform().argsort(stable=True)
    shares = [len(labels) // clusters + (number < len(labels) % clusters) for number in range(clusters)]
    members = (order[labels[order] == number] for number in range(clusters))
    return torch.cat([own.repeat(-(-share // len(own)))[:share] for own, share in zip(members, shares, strict=True)])


def _whitened(rows: Tensor, components: int) -> Tensor:
    """The leading principal components, each of variance 1; fewer where the features have fewer."""
    centered = rows - rows.mean(dim=0)
    values, vectors = torch.linalg.eigh(centered.T @ centered / len(rows))
    kept = values.flip(0)[:components].clamp(min=1e-12)
    whitened: Tensor = centered @ vectors.flip(1)[:, :components] / kept.sqrt()
    return whitened


def _first_centers(rows: Tensor, clusters: int, rng: SampleRng) -> Tensor:
    """k-means++: each center a sample, drawn by its squared distance to the centers before it."""
    weight = torch.ones(len(rows), dtype=rows.dtype)
    distance = torch.full((len(rows),), math.inf, dtype=rows.dtype)
    chosen: list[int] = []
    for _ in range(clusters):
        waits = -torch.log1p(-rng.uniform().double())  # of the samples, the first to come is drawn by its weight
        chosen.append(int((waits / weight).nan_to_num(nan=math.inf).argmin()))
        distance = torch.minimum(distance, (rows - rows[chosen[-1]]).square().sum(dim=1))
        weight = distance
    return rows[chosen]


def _nearest(rows: Tensor, centers: Tensor) -> Tensor:
    """The nearest center of every row; of equal ones the first."""
    half = centers.square().sum(dim=1) / 2
    size = max(1, _HELD // len(centers))
    parts = (rows[first : first + size] for first in range(0, len(rows), size))
    return torch.cat([(half - part @ centers.T).argmin(dim=1) for part in parts])


def _means(rows: Tensor, labels: Tensor, centers: Tensor) -> Tensor:
    """The mean of every cluster; one without samples becomes one half of the largest, nudged apart from the other."""
    count = labels.bincount(minlength=len(centers))
    total = torch.zeros_like(centers).index_add_(0, labels, rows)
    means = torch.where(count[:, None] > 0, total / count.clamp(min=1)[:, None], centers)
    for empty in (count == 0).nonzero().squeeze(1).tolist():
        largest = int(count.argmax())
        sign = torch.ones(means.shape[1], dtype=means.dtype)
        sign[1::2] = -1
        means[empty], means[largest] = means[largest] * (1 + _NUDGE * sign), means[largest] * (1 - _NUDGE * sign)
        count[empty], count[largest] = count[largest] // 2, count[largest] - count[largest] // 2
    return means


def _filled(rows: Tensor, centers: Tensor) -> Tensor:
    """The last assignment; a cluster that it leaves empty takes every other sample of the largest."""
    labels = _nearest(rows, centers)
    for empty in (labels.bincount(minlength=len(centers)) == 0).nonzero().squeeze(1).tolist():
        largest = int(labels.bincount(minlength=len(centers)).argmax())
        labels[(labels == largest).nonzero().squeeze(1)[1::2]] = empty
    return labels
