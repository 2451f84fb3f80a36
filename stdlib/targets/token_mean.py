"""The mean over the tokens of every image."""

from torch import Tensor

from ssldsl.ops import Averaged, op


@op()
def token_mean(tokens: Averaged[Tensor, "batch places dim"]) -> Averaged[Tensor, "batch dim"]:
    r"""Mean over the places of an image: of patches, or of what else a network gives for each of them.

    $$ h_b = \frac{1}{N} \sum_{i=1}^{N} t_{bi} $$

    Source: common practice; no paper. Of features it is global average pooling, of distributions a distribution.
    """
    return tokens.mean(dim=1)
