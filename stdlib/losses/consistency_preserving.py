"""TwoStageUC's consistency between images and their augmentations, as the paper prints it."""

import torch
from torch import Tensor

from ssldsl.ops import Embeddings, Losses, PositiveFloat, op


@op(paper="han2020mitigating", across="gather")
def consistency_preserving(
    embeddings: Embeddings[Tensor, "batch dim"],
    augmented: Embeddings[Tensor, "batch dim"],
    *,
    temperature: PositiveFloat = 0.1,
) -> Losses[Tensor, "batch"]:
    r"""Every augmented image picks its own image, and no image picks another.

    $$ \ell_i = -\ln \hat p_{ii} - \sum_{j \neq i} \ln (1 - p_{ij}), \quad
       p_{ij} = \frac{\exp(v_j \cdot v_i / \tau)}{\sum_k \exp(v_k \cdot v_i / \tau)}, \quad
       \hat p_{ii} = \frac{\exp(v_i \cdot \hat v_i / \tau)}{\sum_k \exp(v_k \cdot \hat v_i / \tau)} $$

    `embeddings`: v, of the images; `augmented`: those of their augmented versions. The authors' code has another form,
    `invariant_spreading`, for which the published numbers are.

    Source: Han et al., ECCV 2020 (TwoStageUC), eq. 6 to 8, whose sum over images is here a row each. At least 0.
    """
    log_p = (embeddings @ embeddings.T / temperature).log_softmax(dim=-1)
    matched = (augmented @ embeddings.T / temperature).log_softmax(dim=-1).diagonal()
    most = 1 - torch.finfo(log_p.dtype).eps
    spread = torch.log1p(-log_p.exp().clamp(max=most))
    return -matched - (spread.sum(dim=-1) - spread.diagonal())
