"""Edges instead of colors."""

import torch
from torch import Tensor
from torch.nn.functional import pad

from ssldsl.ops import Images, op


@op(paper="ji2019invariant")
def sobel(images: Images[Tensor, "batch channels height width"]) -> Images[Tensor, "batch 2 height width"]:
    r"""Sobel's two derivatives of the mean over channels, with zeros around the image; nothing is scaled.

    $$ G_x = \begin{pmatrix} 1 & 0 & -1 \\ 2 & 0 & -2 \\ 1 & 0 & -1 \end{pmatrix} \star g, \qquad
       G_y = \begin{pmatrix} 1 & 2 & 1 \\ 0 & 0 & 0 \\ -1 & -2 & -1 \end{pmatrix} \star g, \qquad
       g = \frac{1}{C} \sum_c x_c $$

    The first part of a tower for edges: `edges(sobel(x))`, behind `normalize`.

    Source: Ji et al., ICCV 2019 (IIC) and Han et al., ECCV 2020 (TwoStageUC), whose networks begin so.
    """
    gray = pad(images.mean(dim=1), (1, 1, 1, 1))
    tall = gray[:, :-2] + 2 * gray[:, 1:-1] + gray[:, 2:]
    wide = gray[:, :, :-2] + 2 * gray[:, :, 1:-1] + gray[:, :, 2:]
    return torch.stack([tall[:, :, :-2] - tall[:, :, 2:], wide[:, :-2] - wide[:, 2:]], dim=1)
