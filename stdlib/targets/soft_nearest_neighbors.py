"""Class distributions from the labels of the nearest rows of a support."""

import torch
from torch import Tensor
from torch.nn import functional

from ssldsl.ops import Features, PositiveFloat, Probs, op


@op(paper="assran2021paws", across="gather")
def soft_nearest_neighbors(
    features: Features[Tensor, "batch dim"],
    support: Features[Tensor, "support dim"],
    labels: Probs[Tensor, "support classes"],
    *,
    temperature: PositiveFloat = 0.1,
) -> Probs[Tensor, "batch classes"]:
    r"""Soft nearest neighbors (PAWS): the labels of a support, averaged by the softmax of cosine similarities.

    $$ p_{bc} = \sum_s \frac{e^{\cos(f_b, g_s) / T}}{\sum_t e^{\cos(f_b, g_t) / T}} \, y_{sc} $$

    Source: Assran et al., ICCV 2021 (PAWS), sec. 3.1, temperature 0.1. In [0, 1]. The gradient reaches both rows
    and support. Several processes: the support is that of all of them.
    """
    exact = torch.promote_types(features.dtype, torch.float32)
    with torch.autocast(features.device.type, enabled=False):
        rows, others = (functional.normalize(f.to(exact), dim=1) for f in (features, support))
        return (rows @ others.T / temperature).softmax(dim=1) @ labels.to(exact)
