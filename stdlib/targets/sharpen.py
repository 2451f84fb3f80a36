"""Sharpened distributions."""

from torch import Tensor

from ssldsl.ops import PositiveFloat, Probs, op


@op(paper="berthelot2019mixmatch")
def sharpen(
    probs: Probs[Tensor, "batch ... classes"], *, temperature: PositiveFloat = 0.5
) -> Probs[Tensor, "batch ... classes"]:
    r"""Sharpening: every distribution raised to the power 1 / `temperature` and normalized again.

    $$ q_{bc} = p_{bc}^{1/T} / \sum_k p_{bk}^{1/T} $$

    Source: Berthelot et al., NeurIPS 2019 (MixMatch), eq. 7. In [0, 1]; temperature 1 changes nothing, 0 would be
    one-hot.
    """
    scaled = probs / probs.amax(dim=-1, keepdim=True)  # the largest becomes 1: no power can vanish as a whole
    powers = scaled ** (1.0 / temperature)
    return powers / powers.sum(dim=-1, keepdim=True)
