"""The rows of a support that are nearest."""

from torch import Tensor
from torch.nn import functional

from ssldsl.ops import Detached, Embeddings, Features, op


@op(paper="dwibedi2021nnclr", across="gather")
def nearest_rows(
    features: Detached[Features[Tensor, "batch dim"]], support: Detached[Features[Tensor, "support dim"]]
) -> Embeddings[Tensor, "batch dim"]:
    r"""Nearest neighbors (NNCLR): for every row that of a support with the largest cosine, as a row of unit length.

    $$ n_b = \frac{g_s}{\lVert g_s \rVert}, \quad s = \arg\max_s \cos(f_b, g_s) $$

    `support`: usually the rows of a queue of earlier embeddings. Rows of zeros, which a queue has before it is full,
    are nearest to none that has a positive cosine with another.

    Source: Dwibedi et al., ICCV 2021 (NNCLR), eq. 3. Carries no gradient.
    """
    rows = functional.normalize(support.to(features), dim=1)
    nearest: Tensor = rows[(features @ rows.T).argmax(dim=1)]
    return nearest
