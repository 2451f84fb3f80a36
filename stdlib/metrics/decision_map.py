"""Pictures of what a network decides where."""

import torch
from torch import Tensor

from ssldsl.ops import Fraction, Labels, Points, PositiveInt, Vectors, op
from ssldsl.ops.net import Net


@op(applied_to="vectors", picture="decisions")
def decision_map(
    vectors: Vectors[Tensor, "samples 2"],
    labels: Labels[Tensor, "samples"],
    net: Net,
    around: Vectors[Tensor, "others 2"] | None = None,
    *,
    cells: PositiveInt = 100,
    margin: Fraction = 0.1,
) -> Points[Tensor, "points 4"]:
    r"""Decision map: the plane in the colors of the classes that a classifier gives its places.

    $$ c(x) = \arg\max_k f_k(x), \quad x \in \text{a grid of } cells \times cells $$

    The grid is a square around all samples, and around those of `around`, with `margin` of its side beyond them. Rows
    of the result are x, y, class and whether it is a mark: the grid, line by line from below, then the marks: the
    samples with their labels, and those of `around` with -1.

    Source: common practice; Singh et al., ICASSP 2023 (SuperCM), fig. 1, for two moons.
    """
    shown = vectors if around is None else torch.cat([vectors, around])
    low, high = shown.amin(dim=0), shown.amax(dim=0)
    half = (high - low).max().clamp(min=torch.finfo(shown.dtype).tiny) * (0.5 + margin)
    steps = torch.linspace(-1, 1, cells, dtype=shown.dtype, device=shown.device) * half
    across, upwards = ((low + high) / 2).unsqueeze(1) + steps
    places = torch.cartesian_prod(upwards, across).flip(1)
    decided = net.frozen(places).argmax(dim=1)
    grid = torch.column_stack([places, decided.to(places), torch.zeros_like(places[:, 0])])
    classes = torch.cat([labels.to(vectors), vectors.new_full((len(shown) - len(vectors),), -1)])
    marks = torch.column_stack([shown, classes, torch.ones_like(classes)])
    return torch.cat([grid, marks])
