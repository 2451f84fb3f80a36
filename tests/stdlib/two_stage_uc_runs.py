"""Runs of TwoStageUC's worked numbers: networks that say what is written, in one process and in several."""

from pathlib import Path

import pytest
from forked import together
from launched import run_in_one

from ssldsl.runtime.folder.run_folder import read_lines

SLOW = pytest.mark.slow
# Assignments of four samples in two views.
A = [[0.7, 0.2, 0.1], [0.1, 0.8, 0.1], [0.2, 0.2, 0.6], [0.5, 0.3, 0.2]]
B = [[0.6, 0.3, 0.1], [0.2, 0.7, 0.1], [0.1, 0.3, 0.6], [0.4, 0.4, 0.2]]

OPS = f'''
import torch
from torch import Tensor, nn

from ssldsl.ops import Embeddings, Logits, Losses, NonNegativeInt, PositiveInt, Probs, Vectors, op


@op(role="nets")
class Placed(nn.Module):
    """The numbers of a row from `start` on, moved by what is learned for the row that its last one names."""

    def __init__(self, dim: PositiveInt, *, size: PositiveInt = 2, start: int = 0) -> None:
        super().__init__()
        self.offset = nn.Parameter(torch.zeros(128, size))
        self.part = slice(start, start + size)

    def forward(self, rows: Vectors[Tensor, "batch dim"]) -> Embeddings[Tensor, "batch {{size}}"]:
        """Places on the sphere."""
        return rows[:, self.part] + self.offset[rows[:, -1].long()]


@op(role="nets")
class Turned(nn.Module):
    """The direction of an angle in degrees, moved by what is learned for the row that the last number names."""

    def __init__(self, dim: PositiveInt, *, at: NonNegativeInt = 0) -> None:
        super().__init__()
        self.offset, self.at = nn.Parameter(torch.zeros(5, 2)), at

    def forward(self, rows: Vectors[Tensor, "batch dim"]) -> Embeddings[Tensor, "batch 2"]:
        """Places on the circle."""
        angles = rows[:, self.at].to(self.offset).deg2rad()
        return torch.stack([angles.cos(), angles.sin()], dim=1) + self.offset[rows[:, -1].long()]


@op(role="heads", fixed=True)
class Table(nn.Module):
    """The logarithms of written probabilities, for each of eight directions."""

    def __init__(self, dim: PositiveInt, classes: PositiveInt) -> None:
        super().__init__()
        self.register_buffer("rows", torch.tensor({A + B}).double().log())

    def forward(self, places: Embeddings[Tensor, "batch dim"]) -> Logits[Tensor, "batch classes"]:
        """Logits."""
        return places @ self.rows.to(places)


@op(role="losses")
def entry(
    probs: Probs[Tensor, "batch classes"],
    rows: Vectors[Tensor, "batch dim"],
    *,
    row: NonNegativeInt,
    column: NonNegativeInt,
) -> Losses[Tensor, "batch"]:
    """What has one entry of the probabilities of two samples as its mean, where each is there as often."""
    return 2 * probs[:, column] * (rows[:, -1] % 2 == row)
'''


def ran(place: Path, processes: int, *specs: str, seed: int = 0) -> Path:
    """The folder of the runs of some specs in so many processes."""
    out = place / f"in_{processes}"
    paths = [str(place / f"{spec}.ssl") for spec in specs]
    command = ("run", *paths, "--out", str(out), "--seed", str(seed), "--no-progress", "--no-report")
    run_in_one(place, *command) if processes == 1 else together(place, *command, processes=processes)
    return out


def terms(folder: Path) -> dict[str, dict[str, float]]:
    """The terms of the first step of every stage, unweighted."""
    return {line["stage"]: line["loss"] for line in read_lines(folder)[0] if "loss" in line}
