"""Definitions run on written numbers: networks are tables, and an image is the number of its row there."""

from collections.abc import Iterator, Mapping, Sequence

import torch
from experiments import LIBRARY, plan_of
from torch import Tensor, nn

from ssldsl.runtime.nets.memories import build_memories, make_memories
from ssldsl.runtime.ops.scalars import Scalars
from ssldsl.runtime.step.module import make_step

LABELED, TRUTH = [[2, 0, 1], [0, 1, 0]], [0, 2]
WEAK = [[4, 0, 0], [0, 2, 0], [1, 0, 3], [0.5, 0.4, 0.3]]
STRONG = [[2, 1, 0], [0, 1, 0.5], [0, 0, 2], [1, 0, 0]]
SECOND = [[0, 0, 5], [3, 1, 0], [0.4, 0, 0], [0, 3, 1]]  # of the weak views, in the next step
A = [[1, 0.2, -0.4], [-0.3, 0.8, 0.5], [0.6, -0.7, 0.9], [-0.8, -0.5, 0.1]]
B = [[0.9, 0.4, -0.1], [-0.1, 0.6, 0.8], [0.3, -0.9, 0.7], [-0.9, -0.2, -0.3]]
Q = [[1, 0, 0], [0, 1, 0], [0, 0, 1], [0.6, 0.8, 0], [0, -0.6, 0.8]]  # what a queue holds
COMATCH = {  # directions of embeddings, and what is known of those in the bank
    "weak": [[2, 0], [0, 1], [-1, 0], [1, 1]],
    "strong": [[1, 0.2], [0.1, 1], [-1, 0.1], [1, 0.8]],
    "other": [[1, 0], [0, 1], [-1, 0], [1, 1]],
    "bank": [[1, 0], [0, 1], [-1, 0], [1, 1], [1, -1], [0, -1]],
    "probs": [[0.8, 0.1, 0.1], [0.1, 0.8, 0.1], [0, 0.2, 0.8], [0.3, 0.4, 0.3], [1, 0, 0], [0, 0, 1]],
}
Table = Sequence[Sequence[float]]
LABELED_IMAGES, IMAGES = (0, 1), (2, 3, 4, 5)
OTHER = "solarize({}, threshold=0, p=1)"  # a second view of a batch, without chance: number n becomes 1 - n
AGAIN = 8  # rows of a second view stand so much further below


def head(*lines: str, labeled: int = 100, forward: str = "concat") -> str:
    """How a spec of tables begins. `lines`: more of it, behind the classifier."""
    return "\n".join([
        "ssl 1",
        'data   images    = image_arrays("photos.npz", channels=1, height=8, width=8, classes=3)',
        f"stream labeled   = images.train.subset({labeled}, seed=0)",
        "stream unlabeled = unlabel(images.train.subset(6, seed=0))",
        "net    encoder   = convnet(width=4)",
        "head   classes   = linear(encoder.dim, 3)",
        *lines,
        f"batch = {{labeled: 2, unlabeled: 4}}\nforward = {forward}\nclock = labeled\nrun = 5it\n",
    ])  # fmt: skip


class Lookup(nn.Module):
    """The rows of a table that images name: by the value of their pixels, or by 1 less it in a second view."""

    def __init__(self, rows: Tensor) -> None:
        super().__init__()
        self.rows = rows

    def forward(self, images: Tensor) -> Tensor:
        number = images.flatten(1)[:, 0].round().long()
        return self.rows[torch.where(number < 0, 1 - number + AGAIN, number)]


def double(rows: Table) -> Tensor:
    """The rows in double precision."""
    return torch.tensor(rows, dtype=torch.float64)


def unit(name: str) -> Tensor:
    """The embeddings of that name in `COMATCH`, of unit length."""
    return nn.functional.normalize(double(COMATCH[name]), dim=1)


def table(first: Table = A, second: Table = B, labeled: Table = ()) -> Tensor:
    """What a network says of two labeled images, and of four unlabeled ones in both views; with a gradient."""
    known = labeled or [[0.0] * len(first[0])] * 2
    rows = [*known, *first, *[[0.0] * len(first[0])] * (AGAIN - 4), *second]
    return torch.tensor(rows, dtype=torch.float64, requires_grad=True)


def of(rows: Tensor, second: bool = False) -> Tensor:
    """The four rows of a table, or of its gradient, that the first or the second view has."""
    return rows[2 + AGAIN :] if second else rows[2:6]


def steps(
    text: str,
    tables: Sequence[Mapping[str, Tensor | nn.Module]],
    positions: Sequence[Sequence[int]] = ((0, 1, 2, 3),),
    labels: Sequence[int] = (),
    held: Mapping[str, Tensor] | None = None,
) -> Iterator[dict[str, Tensor]]:
    """What every step of a spec gives, with the memories that the steps before left.

    tables: of every step, module -> rows, or a module; modules without one give what they get. positions: of the rows
    of `unlabeled` in their stream, in turn. labels: of the stream `labeled`. held: what memories begin with, by the
    names of their buffers. Memories are written when the following step is asked for.
    """
    plan = plan_of(text, level=1)
    stage = plan.stages[0]
    kept = build_memories(plan, stage, {}, LIBRARY).double()
    buffers = dict(kept.named_buffers())
    for name, values in (held or {}).items():
        buffers[name].copy_(values)
    scalars = Scalars(stage, LIBRARY)
    memories = make_memories(stage, kept, scalars, LIBRARY)
    modules = nn.ModuleDict({module.path.replace(".", "/"): nn.Identity() for module in plan.modules})
    for number, written in enumerate(tables):
        modules.update({name: Lookup(rows) if isinstance(rows, Tensor) else rows for name, rows in written.items()})
        batch: dict[str, Tensor] = {}
        where = {"labeled": LABELED_IMAGES, "unlabeled": positions[number % len(positions)]}
        for stream, images in {"labeled": LABELED_IMAGES, "unlabeled": IMAGES}.items():
            batch[f"{stream}.image"] = torch.tensor(images).double().view(-1, 1, 1, 1).expand(-1, 1, 8, 8)
            batch |= {f"{stream}.{part}": torch.tensor(where[stream]) for part in ("index", "position")}
            batch |= {f"{stream}.{part}": torch.full((len(images),), number) for part in ("epoch", "copy")}
        batch["labeled.label"] = torch.tensor(labels or [0, 0])
        found = make_step(plan, stage, modules, LIBRARY, memories=kept)(batch, scalars.tensor_at(number))
        yield found
        memories.commit([memories.pending_writes(found)], number)
