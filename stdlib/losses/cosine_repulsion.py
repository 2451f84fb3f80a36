"""Rows that should not point the same way."""

from torch import Tensor
from torch.nn.functional import cosine_similarity

from ssldsl.ops import Features, Losses, op


@op(paper="fan2021crmatch")
def cosine_repulsion(
    features: Features[Tensor, "batch dim"], others: Features[Tensor, "batch dim"]
) -> Losses[Tensor, "batch"]:
    r"""CRMatch's feature distance: the cosine of every row with its other view, where it is above 0.

    $$ \ell_b = \max\left(0, \frac{d_b^\top d'_b}{\lVert d_b \rVert \, \lVert d'_b \rVert}\right) $$

    So features may tell views apart while classes agree. Both sides learn.

    Source: Fan, Kukleva & Schiele, GCPR 2021 (CRMatch), eq. 5, in the sign of the common code. In [0, 1].
    """
    return cosine_similarity(features, others, dim=1).relu()
