"""Centroids that are trained, as the last map of an autoencoder of features."""

from torch import Tensor, nn

from ssldsl.ops import Features, PositiveInt, Probs, op


@op(paper="boubekki2021clustering")
class CentroidDecoder(nn.Module):
    r"""Clustering module's decoder: mixtures of trained centroids, the columns of a linear map.

    $$ \bar x_i = W \gamma_i \;(+\, b), \quad W_{jk}, b_j \sim U(-1/\sqrt{clusters},\; 1/\sqrt{clusters}) $$

    `out`: the dimension of the features. `decoder_centroids` gives the centroids themselves, the bias included, since
    responsibilities sum to one.

    Source: Boubekki et al., Machine Learning 110, 2021, sec. 3. Results have no limits.
    """

    def __init__(self, clusters: PositiveInt, *, out: PositiveInt, bias: bool = False) -> None:
        super().__init__()
        self.map = nn.Linear(clusters, out, bias=bias)

    def forward(self, probs: Probs[Tensor, "batch clusters"]) -> Features[Tensor, "batch {out}"]:
        features: Tensor = self.map(probs)
        return features
