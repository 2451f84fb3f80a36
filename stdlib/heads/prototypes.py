"""Clusters or classes as points on the unit sphere: the score of a row is its cosine with each of them."""

import torch
from torch import Tensor, nn
from torch.nn import functional

from ssldsl.ops import Embeddings, Logits, PositiveInt, op


@op(paper="caron2020swav")
class Prototypes(nn.Module):
    r"""SwAV's prototypes: the cosine of every row with every prototype.

    $$ s_{bk} = \langle z_b, w_k \rangle, \quad \|w_k\| = 1 $$

    Training: $w_k \leftarrow w_k / \|w_k\|$ when a step begins, in place and without gradient, so the gradient of a
    step is that of a linear map without bias. Evaluation, and a step that does not train them: as if a step began.

    Source: Caron et al., NeurIPS 2020 (SwAV), sec. 3.1 and app. A, in the order of the authors' code, which starts from
    $U(-1/\sqrt{dim}, 1/\sqrt{dim})$. In [-1, 1].
    """

    def __init__(self, dim: PositiveInt, classes: PositiveInt) -> None:
        super().__init__()
        self.map = nn.Linear(dim, classes, bias=False)
        self.begin_step()

    def forward(self, embeddings: Embeddings[Tensor, "batch ... dim"]) -> Logits[Tensor, "batch ... classes"]:
        weight = self.map.weight if self.training else functional.normalize(self.map.weight, dim=-1)
        return functional.linear(embeddings, weight)

    @torch.no_grad()
    def begin_step(self) -> None:
        """Bring the rows back to unit length, which the last update changed."""
        self.map.weight.copy_(functional.normalize(self.map.weight, dim=-1))
