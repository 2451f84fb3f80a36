"""Scores anywhere between two others."""

from torch import Tensor

from ssldsl.ops import Logits, op
from ssldsl.ops.random import SampleRng


@op(paper="berthelot2022adamatch")
def random_interpolation(
    logits: Logits[Tensor, "batch classes"], others: Logits[Tensor, "batch classes"], *, rng: SampleRng
) -> Logits[Tensor, "batch classes"]:
    r"""AdaMatch's random logit interpolation: every score drawn evenly between those of two passes.

    $$ z_{bc} = a_{bc} + \lambda_{bc} (a'_{bc} - a_{bc}), \quad \lambda_{bc} \sim U(0, 1) $$

    The passes differ by the batch that they are normalized by: `random_interpolation(net(x), steady(net)(x))`. The
    gradient reaches both.

    Source: Berthelot et al., ICLR 2022 (AdaMatch), sec. 3.2.
    """
    share = rng.uniform(logits.shape[1]).to(logits)
    return logits + share * (others - logits)
