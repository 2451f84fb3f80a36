"""How embeddings lie to all samples of a bank, without a column for each."""

import torch
from torch import Tensor
from torch.nn.functional import normalize

from ssldsl.ops import Detached, Embeddings, op


@op(paper="han2020mitigating")
def bank_profiles(
    embeddings: Embeddings[Tensor, "batch dim"], rows: Detached[Embeddings[Tensor, "samples dim"]]
) -> Embeddings[Tensor, "batch dim"]:
    r"""Embeddings whose cosines are those of the rows' similarities to a bank, $M v_r$ of N numbers each.

    $$ \cos(M v_r, M v_s) = \frac{v_r^\top C v_s}{\sqrt{v_r^\top C v_r \; v_s^\top C v_s}} = g_r \cdot g_s, \qquad
       C = M^\top M = L L^\top, \quad g_r = \frac{L^\top v_r}{\lVert L^\top v_r \rVert} $$

    So a loss of inner products, such as `invariant_spreading`, is on profiles what the authors' code has in stage 1.

    Source: Han et al., ECCV 2020 (TwoStageUC), released code; through the D by D covariance, an identity.
    """
    known = rows.to(embeddings)
    covariance = known.T @ known
    share = torch.finfo(covariance.dtype).eps * covariance.diagonal().sum()  # a bank may span fewer dimensions
    root, _ = torch.linalg.cholesky_ex(covariance + share * torch.eye(len(covariance)).to(covariance))
    return normalize(embeddings @ root, dim=-1)
