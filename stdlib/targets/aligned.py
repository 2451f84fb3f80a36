"""Distribution alignment: predictions whose mean is brought to what it should be."""

from torch import Tensor

from ssldsl.ops import Detached, PositiveFloat, Probs, Values, op


@op(paper="berthelot2020remixmatch")
def aligned(
    probs: Detached[Probs[Tensor, "batch classes"]],
    mean: Detached[Values[Tensor, "classes"]],
    target: Detached[Values[Tensor, "classes"]] | None = None,
    *,
    eps: PositiveFloat = 1e-6,
) -> Probs[Tensor, "batch classes"]:
    r"""Every class's probability times how much rarer than wanted the class is predicted, as distributions again.

    $$ \tilde p_{bc} \propto p_{bc}\, \frac{t_c + \epsilon}{m_c + \epsilon} $$

    `mean`: what is predicted on average, m, such as `running_mean(p, start="uniform")`. `target`: what it should be, t;
    without it all classes are wanted alike.

    Source: Berthelot et al., ICLR 2020 (ReMixMatch), sec. 3.1, with epsilon as in the released code. Rows sum to 1.
    """
    wanted = 1 / probs.shape[1] if target is None else target
    moved = probs * (wanted + eps) / (mean + eps)
    return moved / moved.sum(dim=-1, keepdim=True)
