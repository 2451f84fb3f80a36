"""Class distributions by the labels of the nearest rows of a support."""

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
    r"""Mean of the support's label distributions, weighed by how alike rows are.

    $$ p_{bc} = \sum_s \frac{e^{\cos(f_b, g_s) / T}}{\sum_t e^{\cos(f_b, g_t) / T}} \, y_{sc} $$

    Source: Assran et al., ICCV 2021 (PAWS), sec. 3.1, temperature 0.1. In [0, 1]. Gradient reaches both, rows and
    support. Several processes: the support of all of them counts.
    """
    exact = torch.promote_types(features.dtype, torch.float32)
    with torch.autocast(features.device.type, enabled=False):
        rows, others = (functional.normalize(f.to(exact), dim=1) for f in (features, support))
        return (rows @ others.T / temperature).softmax(dim=1) @ labels.to(exact)
