"""Weights under which all classes of a batch count alike."""

from torch import Tensor

from ssldsl.ops import Labels, Masks, Weights, op


@op(paper="vangansbeke2020scan", across="gather")
def balanced_weights(labels: Labels[Tensor, "batch"], mask: Masks[Tensor, "batch"]) -> Weights[Tensor, "batch"]:
    r"""One over how many rows of its class count, for every row that counts; 0 for the others.

    $$ w_b = \frac{m_b}{\sum_{b'} m_{b'} [y_{b'} = y_b]} $$

    With `weighted_mean`, the loss is the mean over the classes that occur.

    Source: Van Gansbeke et al., ECCV 2020 (SCAN), released code of self-labeling, whose factor, the number of all kept
    rows, `weighted_mean` takes out again. In [0, 1]. Several processes: the rows of all.
    """
    alike = (labels.unsqueeze(0) == labels.unsqueeze(1)).to(mask)
    return mask / (alike @ mask).clamp(min=1)
