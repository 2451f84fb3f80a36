"""Embeddings of all samples, clustered anew in every pass, and the cluster of every row."""

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.functional import normalize

from ssldsl.ops import Embeddings, Fraction, Labels, Masks, Positions, PositiveInt, Scheduled, op
from ssldsl.ops.last_write import write_rows


class Clusters(NamedTuple):
    """The centers of the clusters; of every row its cluster, and 1 once there are clusters, else 0."""

    centers: Embeddings[Tensor, "{clusters} dim"]
    labels: Labels[Tensor, "batch"]
    ready: Masks[Tensor, "batch"]


@op(paper="caron2020swav")
class KmeansBank(nn.Module):
    r"""DeepCluster v2's memory: the last embedding of every sample, by spherical k-means in `clusters` parts.

    $$ y_i = \arg\max_k c_k \cdot M_i, \qquad c_k \leftarrow \frac{\sum_{i: y_i = k} M_i}{\lVert \cdot \rVert} $$

    `renew`: where it is 1, as `pulse(every=1ep)` is at the end of every pass, the centers are found anew, in
    `iterations` steps from rows of the bank; a cluster without a row keeps its center, as some do where there
    are more clusters than samples. Until the first time there are no clusters, `ready` is 0 and the bank fills.

    State: M, the centers, the cluster of every sample, how often they were found, and the order in which rows begin as
    centers, which is drawn from the seed. Several processes: the rows of all.

    Source: Caron et al., NeurIPS 2020 (SwAV), app. on DeepCluster-v2, and released code: clusters after every pass, 10
    iterations. There a pass of the untrained network fills the bank; here the first pass does, whose loss is 0.
    """

    rows: Tensor
    centers: Tensor
    clusters: Tensor
    times: Tensor
    order: Tensor

    def __init__(
        self,
        dim: PositiveInt,
        samples: PositiveInt,
        *,
        clusters: PositiveInt,
        renew: Scheduled[Fraction] = 0.0,
        iterations: PositiveInt = 10,
    ) -> None:
        super().__init__()
        self.renew, self.iterations = renew, iterations
        self.register_buffer("rows", normalize(torch.randn(samples, dim), dim=1))
        self.register_buffer("centers", self.rows[torch.arange(clusters) % samples])
        self.register_buffer("clusters", torch.zeros(samples, dtype=torch.int64))
        self.register_buffer("times", torch.zeros((), dtype=torch.int64))
        self.register_buffer("order", torch.randperm(samples))

    def forward(
        self, embeddings: Embeddings[Tensor, "batch dim"], positions: Positions[Tensor, "batch; samples"]
    ) -> Clusters:
        ready = (self.times > 0).to(self.rows)
        return Clusters(self.centers, self.clusters[positions], ready.expand(len(positions)))

    @torch.no_grad()
    def commit(self, embeddings: Tensor, positions: Tensor) -> None:
        write_rows(self.rows, positions, normalize(embeddings.to(self.rows), dim=1))
        if self.renew < 1:
            return
        count = len(self.centers)
        places = (torch.arange(count, device=self.order.device) + self.times * count) % len(self.order)
        centers, clusters = spherical_kmeans(self.rows, self.rows[self.order[places]], self.iterations)
        self.centers.copy_(centers)
        self.clusters.copy_(clusters)
        self.times += 1


def spherical_kmeans(rows: Tensor, centers: Tensor, iterations: int) -> tuple[Tensor, Tensor]:
    """Centers of unit length, moved so often, and the center that every row is nearest to."""
    for _ in range(iterations):
        labels = _nearest(rows, centers)
        sums = torch.zeros_like(centers).index_add_(0, labels, rows)
        occurs = torch.zeros_like(centers[:, 0]).index_add_(0, labels, torch.ones_like(rows[:, 0])) > 0
        centers = torch.where(occurs.unsqueeze(1), normalize(sums, dim=1), centers)
    return centers, _nearest(rows, centers)


def _nearest(rows: Tensor, centers: Tensor) -> Tensor:
    """The nearest center of every row, some rows at a time."""
    size = max(1, 2**24 // len(centers))
    return torch.cat([(part @ centers.T).argmax(dim=1) for part in torch.split(rows, size)])
