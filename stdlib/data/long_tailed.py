"""A data set of which some classes have many samples and others few."""

from typing import Annotated

import torch
from annotated_types import Ge

from ssldsl.ops import NonNegativeInt, op
from ssldsl.ops.data import Data
from ssldsl.ops.stratified_subsets import first_of_each, seeded_order


@op(paper="cui2019classbalanced", size="?")
def long_tailed(data: Data, *, ratio: Annotated[float, Ge(1)], seed: NonNegativeInt = 0) -> Data:
    r"""A long-tailed part of a data set: class 0 keeps its samples, the last has `ratio` times fewer, exponentially.

    $$ N_c = \lfloor N_0\, \rho^{-c / (C - 1)} \rfloor, \quad \rho = \text{ratio} $$

    Every class keeps at least one sample, and at most those that it has.

    Source: Cui et al., CVPR 2019 (class-balanced loss), sec. 5.1, as in the released code: N_0 is the size of the first
    class, and fractions are cut off. CIFAR-10-LT has ratios of 10 to 200. Which samples stay depends on the seed and
    their numbers alone; those of a larger ratio are among those of a smaller one.
    """
    if data.labels is None:
        raise ValueError("a long tail of data that have no labels")
    labels = data.labels.cpu()
    sizes = labels.bincount()
    place = torch.arange(len(sizes), dtype=torch.float64) / max(1, len(sizes) - 1)
    wanted = (sizes[0] * ratio**-place + 1e-9).floor().long().clamp(min=1)
    return data.take(first_of_each(labels, seeded_order(data.ids, seed, "long_tailed"), wanted.minimum(sizes)))
