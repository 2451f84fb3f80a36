"""How well every class is learned, told by how many samples it is predicted for with confidence."""

import torch
from torch import Tensor, nn

from ssldsl.ops import Fraction, Positions, PositiveInt, Probs, Values, op
from ssldsl.ops.last_write import write_rows


@op(paper="zhang2021flexmatch")
class LearningStatus(nn.Module):
    r"""FlexMatch's learning status of every class, as the steps before left it.

    $$ \beta_k = \frac{\sigma_k}{\max(\max_j \sigma_j, \#\{n : u_n = -1\})}, \qquad \sigma_k = \#\{n : u_n = k\} $$

    After the step, $u_n$ is the class of sample n wherever its confidence reached `threshold`; the others keep theirs.
    `warmup`: whether samples without a class count in the maximum; without it classes are compared with one another
    alone.

    State: u, the class of every sample; -1, none, at first.

    Source: Zhang et al., NeurIPS 2021 (FlexMatch), eq. 5, 6 and 11; N is the whole stream. In [0, 1].
    """

    classes: Tensor

    def __init__(
        self, classes: PositiveInt, samples: PositiveInt, *, threshold: Fraction = 0.95, warmup: bool = True
    ) -> None:
        super().__init__()
        self.n_classes, self.threshold, self.warmup = classes, threshold, warmup
        self.register_buffer("classes", torch.full((samples,), -1))

    def forward(self) -> Values[Tensor, "classes"]:
        counts = torch.zeros(self.n_classes + 1, device=self.classes.device)
        counts.scatter_add_(0, self.classes + 1, counts.new_ones(()).expand(len(self.classes)))
        most = counts.amax() if self.warmup else counts[1:].amax()
        return counts[1:] / most.clamp(min=1)

    @torch.no_grad()
    def commit(self, probs: Probs[Tensor, "batch classes"], positions: Positions[Tensor, "batch; samples"]) -> None:
        confidence, label = probs.max(dim=-1)
        write_rows(self.classes, positions, torch.where(confidence >= self.threshold, label, self.classes[positions]))
