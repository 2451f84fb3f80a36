"""LSD-C through its definitions: the whole step of the sheet (section 13.8), in one process and in two, in float64."""

from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from forked import together

from ssldsl import cli
from ssldsl.runtime.folder.run_folder import read_lines

# a row: features of the plain view, then logits of the plain and of both composed views
ROWS = [
    [0, 0, 2, 0, 0, 1, 0, 0.5, 1, 0.2, 0.5],
    [0, 1, 1, 0.5, 0, 1, 0, 0, 0.8, 0, 0],
    [2, 2, 0, 0, 2, 0, 0, 1, 0, 0, 1.2],
    [2, 2.5, 0, 1, 1, 0.5, 0, 1, 0.5, 0.1, 1],
]
OPS = '''
from typing import NamedTuple

import torch
from torch import Tensor, nn

from ssldsl.ops import Features, Labels, PositiveInt, Vectors, Weights, op


class Composed(NamedTuple):
    """Two composed views that were worked out by hand."""

    vectors: Vectors[Tensor, "batch 3"]
    others: Vectors[Tensor, "batch 3"]
    partners: Labels[Tensor, "batch 4"]
    shares: Weights[Tensor, "batch 4"]


@op(role="targets", across="gather")
def by_hand(rows: Vectors[Tensor, "batch dim"], index: Labels[Tensor, "batch"]) -> Composed:
    """The composition of the sheet; partners are samples there, and rows of the batch here."""
    row_of = index.argsort()
    partners = torch.tensor([[0, 1, 0, 2], [1, 2, 1, 3], [2, 3, 2, 0], [3, 0, 3, 1]], device=rows.device)
    shares = torch.tensor([22 * 13, 10 * 13, 22 * 19, 10 * 19], dtype=rows.dtype, device=rows.device) / 1024
    return Composed(rows[:, 5:8], rows[:, 8:11], row_of[partners[index]], shares.expand(len(rows), 4))


@op(role="targets")
def plain(rows: Vectors[Tensor, "batch dim"]) -> Features[Tensor, "batch 2"]:
    """The features of the plain view."""
    return rows[:, :2].clone()


@op(role="nets")
class Same(nn.Module):
    """What comes out is what goes in, times a number that learns and begins as 1."""

    def __init__(self, dim: PositiveInt) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.ones(dim))

    def forward(self, rows: Vectors[Tensor, "batch dim"]) -> Features[Tensor, "batch dim"]:
        """The rows."""
        return self.scale * rows


@op(role="targets")
def logits_of_plain(rows: Vectors[Tensor, "batch dim"]) -> Vectors[Tensor, "batch 3"]:
    """The logits of the plain view."""
    return rows[:, 2:5].clone()
'''
SPEC = """ssl 1
use "my_ops.py"
data   rows     = vector_arrays("rows.npz", dim=11)
stream x        = unlabel(rows.train)
net    encoder  = same(3)
net    clusters = same(3)
let    mixed    = by_hand(x, x.index)
let    pairs    = knn_pairs(plain(x), k=3)
loss = {loss} + 1.4325239843*two_views_agree(mixed)
batch = {{x: 4}}
run   = 1it
precision = fp64
optimizer = sgd(lr=0.1)
"""
INTENDED = "lsdc(encoder(logits_of_plain(x)), mixed, pairs)"
LOSSES = {
    INTENDED: (0.6793781958, 0.6804618986),
    INTENDED.replace("pairs)", "pairs, transposed=true)"): (0.6723104577, 0.6733941604),
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    np.savez(tmp_path / "rows.npz", data=np.array(ROWS), label=np.array([0, 0, 1, 1]))
    (tmp_path / "my_ops.py").write_text(OPS, encoding="utf-8")
    return tmp_path


def losses(folder: Path, name: str) -> dict[str, float]:
    """The losses of the first step, by term."""
    (line,) = [line for line in read_lines(folder / "runs" / f"{name}-s0-1")[0] if "loss" in line][:1]
    return {**line["loss"], "total": line["total"]}


@pytest.mark.parametrize("loss", LOSSES, ids=["intended", "released"])
def test_the_whole_step_of_the_sheet_through_the_language(folder: Path, loss: str) -> None:
    (folder / "one.ssl").write_text(SPEC.format(loss=loss), encoding="utf-8")
    command = ["run", str(folder / "one.ssl"), "--out", str(folder / "runs"), "--no-progress"]
    CliRunner().invoke(cli.commands, command, standalone_mode=False, catch_exceptions=False)
    found = losses(folder, "one")
    assert found["lsdc"] == pytest.approx(LOSSES[loss][0], abs=1e-9)
    assert found["two_views_agree"] == pytest.approx(0.0007564988, abs=1e-9)
    assert found["total"] == pytest.approx(LOSSES[loss][1], abs=1e-9)


@pytest.mark.slow
def test_two_processes_see_the_pairs_of_all_rows(folder: Path) -> None:
    (folder / "two.ssl").write_text(SPEC.format(loss=INTENDED), encoding="utf-8")
    together(folder, "run", "two.ssl", "--no-progress")
    assert losses(folder, "two")["total"] == pytest.approx(LOSSES[INTENDED][1], abs=1e-9)
