"""Where each class lies among the features: running means over labeled batches."""

from typing import Literal, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from ssldsl.ops import Detached, Features, Labels, PositiveInt, Values, op


class _State(NamedTuple):
    """Centroids, and what each of them has counted."""

    value: Tensor
    counts: Tensor


@op(paper="singh2023supercm")
class ClassCentroids(nn.Module):
    r"""SuperCM's centroids: running means of the features of every class, this step's labeled rows among them.

    $$ \mu_k \leftarrow \mu_k + w_k (m_k - \mu_k), \quad m_k = \frac{1}{n_k} \sum_{i:\, y_i = k} x_i $$

    `rule` released: $w_k = 1/t$ at step t for classes of the batch, 0 for the others, as in the authors' code; a class
    that is first seen late starts short, at $m_k / t$. printed: $w_k = 1/t$ for all, and the sum of a class is divided
    by the rows of the whole batch, as in eq. 2, so centroids are shorter by the frequency of their class. batches:
    $w_k = 1/t_k$, where $t_k$ counts the steps that had class k. samples: $w_k = n_k / N_k$, the mean of all rows of k.

    `features`: of images that no random view changed, by networks at rest: `rest(encoder)(labeled)`. The result holds
    this batch already (with `accumulate` this part of it); an `eval` reads what the steps left. A centroid without a
    row so far is 0.

    State: centroids and counts, zeros at first. Several processes: the rows of all of them.

    Source: Singh et al., ICASSP 2023 (SuperCM), eq. 2 and released code. In the convex hull of 0 and the features.
    """

    value: Tensor
    count: Tensor

    def __init__(
        self,
        dim: PositiveInt,
        *,
        classes: PositiveInt,
        rule: Literal["released", "printed", "batches", "samples"] = "released",
    ) -> None:
        super().__init__()
        self.rule = rule
        self.register_buffer("value", torch.zeros(classes, dim))
        self.register_buffer("count", torch.zeros(classes, dtype=torch.int64))

    @torch.no_grad()
    def forward(self, features: Tensor | None = None, labels: Tensor | None = None) -> Values[Tensor, "{classes} dim"]:
        return self.value if features is None or labels is None else self._after(features, labels).value

    @torch.no_grad()
    def commit(self, features: Detached[Features[Tensor, "batch dim"]], labels: Labels[Tensor, "batch"]) -> None:
        value, counts = self._after(features, labels)
        self.value.copy_(value)
        self.count.copy_(counts)

    def _after(self, features: Tensor, labels: Tensor) -> _State:
        """What is known once these rows have been seen."""
        with torch.autocast(features.device.type, enabled=False):
            members = functional.one_hot(labels, len(self.value)).to(self.value)
            sums, rows = members.T @ features.to(self.value), members.sum(dim=0)
        seen, one = (rows > 0).to(rows), torch.ones_like(rows)
        pull, step = {
            "released": (seen, one),
            "printed": (one, one),
            "batches": (seen, seen),
            "samples": (rows, rows),
        }[self.rule]
        counts = self.count + step.to(self.count)
        means = sums / (len(labels) if self.rule == "printed" else rows.clamp(min=1).unsqueeze(1))
        return _State(torch.lerp(self.value, means, (pull / counts.clamp(min=1)).unsqueeze(1)), counts)
