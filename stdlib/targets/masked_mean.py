"""A loss for every image from one for every patch, over the patches that were hidden."""

from torch import Tensor

from ssldsl.ops import Losses, Masks, op


@op(paper="zhou2022ibot")
def masked_mean(losses: Losses[Tensor, "batch places"], mask: Masks[Tensor, "batch places"]) -> Losses[Tensor, "batch"]:
    r"""The mean of the losses of a row where a mask is 1.

    $$ \ell_b = \frac{\sum_i m_{bi}\, \ell_{bi}}{\max(\sum_i m_{bi},\, 1)} $$

    A row of which nothing is masked has the loss 0, and still counts in the mean over all rows.

    Source: Zhou et al., ICLR 2022 (iBOT), eq. 2 and released code; with as many masked places in every row, as He et
    al., CVPR 2022 (MAE), it is the mean over all masked places of the batch.
    """
    return (mask * losses).sum(dim=1) / mask.sum(dim=1).clamp_min(1)
