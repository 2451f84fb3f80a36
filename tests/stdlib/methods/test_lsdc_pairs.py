"""LSD-C's worked numbers (sections 13.2 to 13.5, 13.9 of the sheet) by its definition, in one process and in two."""

from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pytest
from launched import run_in_one, run_in_two

from ssldsl.runtime.folder.run_folder import read_lines

NEAR = [
    [0, 0],
    [1, 0],
    [0, 1],
    [3, 3],
    [3, 4],
    [20, 20],
]  # 13.3, and a sixth far away, so that two processes share them
TURNED = [[1, 0], [2, 1], [1, 1], [0, 1], [0.3, 2], [1, -1]]  # 13.2, likewise
ALIKE = [[1, 0], [0, 1], [1, 0]] * 2  # whose cosines give the pairs of 13.4, every row twice: the mean is the same
PLAIN = [[0.9, 0.1], [0.2, 0.8], [0.6, 0.4]] * 2
OTHER = [[0.7, 0.3], [0.1, 0.9], [0.5, 0.5]] * 2
FIRST, SECOND = {(0, 1), (0, 2), (1, 2)}, {(3, 4), (4, 5)}
PAIRS = {
    "knn3": {(0, 1), (0, 2)} | SECOND,  # the sixth takes what is nearest to it, and nobody takes the sixth
    "knn4": {*FIRST, (2, 4), (3, 5)} | SECOND,
    "sne": FIRST | SECOND,
    "warm": {*FIRST, (1, 3), (2, 3), (2, 4)} | SECOND,
    "cosine": {(1, 2), (3, 4)},
}
WORKED = {"alike": 0.5148289562, "intended": 0.6314476646, "released": 0.6180277773}
METRICS = {"accuracy": 0.8, "nmi": 0.5794187908, "geometric": 0.5796455010, "ari": 0.3525179856}

OPS = '''
from typing import NamedTuple

import torch
from torch import Tensor, nn

from ssldsl.ops import Features, Labels, NonNegativeInt, PositiveInt, Vectors, Weights, op


class Mixture(NamedTuple):
    """Of which rows a composed row is made."""

    partners: Labels[Tensor, "batch 2"]
    shares: Weights[Tensor, "batch 2"]


@op(role="targets")
def columns(rows: Vectors[Tensor, "batch dim"], *, start: NonNegativeInt) -> Features[Tensor, "batch 2"]:
    """Two numbers of each row."""
    return rows[:, start : start + 2].clone()


@op(role="targets", across="gather")
def turned(rows: Vectors[Tensor, "batch dim"], index: Labels[Tensor, "batch"]) -> Mixture:
    """Three quarters of a row itself and one of the next of its three, as the sheet has it."""
    row_of, following = index.argsort(), torch.tensor([1, 2, 0, 4, 5, 3], device=rows.device)
    partners = torch.stack([row_of[index], row_of[following[index]]], dim=1)
    return Mixture(partners, rows.new_tensor([0.75, 0.25]).expand(len(rows), 2))


@op(role="nets")
class Same(nn.Module):
    """What comes out is what goes in, times a number that learns and begins as 1."""

    def __init__(self, dim: PositiveInt) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.ones(dim))

    def forward(self, rows: Vectors[Tensor, "batch dim"]) -> Features[Tensor, "batch dim"]:
        """The rows."""
        return self.scale * rows
'''
SPEC = """ssl 1
use "my_ops.py"
data   rows     = vector_arrays("rows.npz", dim=10)
data   judged   = vector_arrays("judged.npz", dim=3, classes=3)
stream x        = unlabel(rows.train)
net    encoder  = same(2)
net    clusters = same(2)
net    scores   = same(3)
let p      = encoder(columns(x, start=6))
let q      = columns(x, start=8)
let near   = columns(x, start=0)
let alike  = cosine_pairs(columns(x, start=4))
let parts  = turned(x, x.index)
let mixed  = composed_pairs(alike, parts.partners, parts.shares)
let other  = composed_pairs(alike, parts.partners, parts.shares, transposed=true)
let both   = probabilities(clusters(p))
let others = probabilities(clusters(encoder(q)))
loss = lsdc_plain(p, q, knn_pairs(near, k=3)) as knn3
     + lsdc_plain(p, q, knn_pairs(near, k=4)) as knn4
     + lsdc_plain(p, q, sne_pairs(near))                as sne
     + lsdc_plain(p, q, sne_pairs(near, temperature=2)) as warm
     + lsdc_plain(p, q, cosine_pairs(columns(x, start=2))) as cosine
     + lsdc_plain(p, q, alike) as alike
     + pair_cross_entropy(both, others, mixed) as intended
     + pair_cross_entropy(both, others, other) as released
batch     = {x: 6}
run       = 1it
precision = fp64
optimizer = sgd(lr=1e-6)
eval clustering_accuracy(scores(judged.train), judged.train.label)                          as accuracy
eval normalized_mutual_information(scores(judged.train), judged.train.label)                as nmi
eval normalized_mutual_information(scores(judged.train), judged.train.label, average="geometric") as geometric
eval adjusted_rand_index(scores(judged.train), judged.train.label)                          as ari
"""


def by_formula(pairs: set[tuple[int, int]]) -> float:
    """The pair loss of section 7, of pairs that the sheet lists."""
    targets = np.eye(6)
    for i, j in pairs:
        targets[i, j] = targets[j, i] = 1
    together = np.array(PLAIN) @ np.array(OTHER).T
    return -float(np.mean(targets * np.log(together + 1e-7) + (1 - targets) * np.log(1 - together + 1e-7)))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("lsdc")
    rows = np.hstack([NEAR, TURNED, ALIKE, np.log(PLAIN), np.log(OTHER)])
    np.savez(place / "rows.npz", data=rows, label=np.zeros(6, dtype=np.int64))
    clusters = np.array([1, 1, 1, 0, 0, 0, 0, 0, 2, 2])
    np.savez(place / "judged.npz", data=np.eye(3)[clusters], label=np.array([0, 0, 0, 0, 1, 1, 1, 2, 2, 2]))
    (place / "my_ops.py").write_text(OPS, encoding="utf-8")
    (place / "pairs.ssl").write_text(SPEC, encoding="utf-8")
    return place


@pytest.mark.parametrize("start", [run_in_one, pytest.param(run_in_two, marks=pytest.mark.slow)])
def test_pairs_losses_and_metrics_are_those_of_the_sheet(start: Callable[..., None], folder: Path) -> None:
    out = folder / start.__name__
    start(folder, "run", str(folder / "pairs.ssl"), "--out", str(out), "--no-progress", "--no-report")
    lines = read_lines(out / "pairs-s0-1")[0]
    losses: Mapping[str, float] = next(line["loss"] for line in lines if "loss" in line)
    metrics: Mapping[str, float] = next(line["eval"] for line in lines if "eval" in line)
    expected = {name: by_formula(pairs) for name, pairs in PAIRS.items()} | WORKED
    assert losses == pytest.approx(expected, abs=1e-8)  # the logarithms of the file are read in float32
    assert metrics == pytest.approx(METRICS, abs=1e-9)
