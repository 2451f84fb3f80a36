"""SuperCM's worked numbers (sections 1 to 3 of the sheet) by its definition, in one process and in two."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
import torch
from clustering import GAMMA, M, X
from launched import run_in_one, run_in_two
from torch import Tensor

from ssldsl.runtime.folder.checkpoint import complete_checkpoints, latest, read_part
from ssldsl.runtime.folder.run_folder import read_lines

INPUTS = torch.cat([X, torch.ones(3, 1)], dim=1)  # and a one for the bias of the map that gives the logits
MAP = torch.linalg.solve(INPUTS, GAMMA.log())
GRADIENTS = {
    "x": [[0.2333333, -0.1666667], [0, 0.3666667], [0.4166667, 0.0833333]],
    "logits": [[-0.1333333, 0.02, 0.1133333], [0.0583333, -0.0666667, 0.0083333], [-0.0625, -0.0625, 0.125]],
    "centroids": [[0.0333333, -0.15], [-0.1833333, -0.1666667], [-0.5, 0.0333333]],
}
WORKED = {"supercm": 0.9333333333, "printed": 1.8666666667, "trained": 0.9333333333, "prior": 1.6906973772}
TOTALS = {("third", "released"): 0.4048438596, ("whole", "literal"): 1.0407367794}
BATCHES = [
    [[2, 0, 0], [4, 0, 0], [0, 6, 1]],
    [[1, 1, 0], [3, 1, 0], [2, 4, 0]],
    [[0, 3, 1], [0, 9, 1], [6, 0, 0]],
]  # of section 3: places and classes
TABLE: dict[str, dict[int, list[list[float]]]] = {
    "as_text": {2: [[2, 1], [0, 1]], 3: [[2, 2 / 3], [0, 2]]},
    "as_code": {2: [[2.5, 1], [0, 6]], 3: [[11 / 3, 2 / 3], [0, 6]]},
    "by_rows": {2: [[2.4, 1.2], [0, 6]], 3: [[3, 1], [0, 6]]},
}  # after two steps and after three, whose checkpoints a run keeps
LR, STEPS = 1e-7, 3  # so slow that the gradients of all steps are those of the first

OPS = '''
import torch
from torch import Tensor, nn

from ssldsl.ops import Features, Labels, Logits, Losses, PositiveInt, Probs, Values, Vectors, op

GAMMA = torch.tensor([[10, 6, 4], [2, 16, 2], [5, 5, 10]]).double() / 20
INPUTS = torch.tensor([[1, 0, 1], [0, 2, 1], [1, 1, 1]]).double()  # the three samples, and a one for the bias
MAP = torch.linalg.solve(INPUTS, GAMMA.log())


@op(role="nets")
class Placed(nn.Module):
    """The first two numbers of a row, moved by what is learned for the row that its third one names."""

    def __init__(self, dim: PositiveInt) -> None:
        super().__init__()
        self.offset = nn.Parameter(torch.zeros(3, 2))

    def forward(self, rows: Vectors[Tensor, "batch dim"]) -> Features[Tensor, "batch 2"]:
        """Places in the plane."""
        return rows[:, :2] + self.offset[rows[:, 2].long()]


@op(role="heads")
class Solved(nn.Module):
    """The affine map whose logits of the three samples of the sheet are the logarithms of its responsibilities."""

    def __init__(self, dim: PositiveInt, classes: PositiveInt) -> None:
        super().__init__()
        self.moved = nn.Parameter(torch.zeros(3, 3))

    def forward(self, features: Features[Tensor, "batch dim"]) -> Logits[Tensor, "batch classes"]:
        """Logits."""
        return torch.cat([features, torch.ones_like(features[:, :1])], dim=1) @ (MAP.to(features) + self.moved)


@op(role="nets")
class Middles(nn.Module):
    """A decoder that begins with the centroids of the sheet."""

    def __init__(self, clusters: PositiveInt) -> None:
        super().__init__()
        self.value = nn.Parameter(torch.tensor([[1.0, 0], [0, 1], [-1, 1]]))

    def forward(self, probs: Probs[Tensor, "batch clusters"]) -> Features[Tensor, "batch 2"]:
        """Mixtures of the centroids."""
        return probs @ self.value


@op(role="memory")
class Turn(nn.Module):
    """The features and class of a row in this step: nine numbers are those of three steps."""

    def __init__(self, dim: PositiveInt) -> None:
        super().__init__()
        self.register_buffer("step", torch.zeros((), dtype=torch.int64))

    def forward(self, rows: Vectors[Tensor, "batch dim"]) -> Features[Tensor, "batch 3"]:
        """Three numbers."""
        return rows[:, 3 * self.step + torch.arange(3)]

    @torch.no_grad()
    def commit(self, rows: Vectors[Tensor, "batch dim"]) -> None:
        self.step += 1


@op(role="targets")
def place(rows: Features[Tensor, "batch 3"]) -> Features[Tensor, "batch 2"]:
    """Where a row is."""
    return rows[:, :2]


@op(role="targets")
def kind(rows: Features[Tensor, "batch 3"]) -> Labels[Tensor, "batch"]:
    """Of which class a row is."""
    return rows[:, 2].long()


@op(role="losses")
def away(rows: Features[Tensor, "batch 2"], centroids: Values[Tensor, "clusters 2"]) -> Losses[Tensor, "batch"]:
    """How far rows are from all centroids; it is there so that a loss reads them."""
    return (rows.unsqueeze(1) - centroids).square().sum(dim=(1, 2))
'''
SPEC = """ssl 1
use "my_ops.py"
data   samples = vector_arrays("samples.npz", dim=3)
data   centers = vector_arrays("centers.npz", dim=2, classes=3)
data   first   = vector_arrays("first.npz", dim=3, classes=3)
data   batches = vector_arrays("batches.npz", dim=9)
stream x       = unlabel(samples.train)
stream labeled = centers.train
stream known   = first.train
stream rows    = unlabel(batches.train)
net  encoder   = placed(3)
head classes   = solved(2, 3)
net  encoder2  = placed(3)
head classes2  = solved(2, 3)
net  decoder   = middles(3)
let mu       = class_centroids(labeled.vector, labeled.label, classes=3)
let features = encoder2(x)
let gamma    = probabilities(classes2(features))
let learned  = decoder_centroids(decoder, stop(gamma), stop(features))
let now      = turn(rows)
let as_code  = class_centroids(place(now), kind(now), classes=2)
let as_text  = class_centroids(place(now), kind(now), classes=2, rule="printed")
let by_rows  = class_centroids(place(now), kind(now), classes=2, rule="samples")
let pull     = supercm(x, mu, encoder=encoder2, classes=classes2, beta=10**-0.73)
let class    = ce(known, net=encoder2 >> classes2)
let exact    = mean(clustering_module(features, gamma, mu, form="printed"))
loss = supercm(x, mu, beta=1) as supercm
     + exact as printed
     + mean(clustering_module(stop(features), stop(gamma), learned, mean="entries")) as trained
     + (class / 3 as third + pull as released)
     + (class as whole + 10**-0.73 * exact as literal)
     + dirichlet_prior(gamma, alpha=[1.5]) as prior
     + mean(away(features, as_code)) as from_code
     + mean(away(features, as_text)) as from_text
     + mean(away(features, by_rows)) as from_rows
batch     = {x: 6, labeled: 6, known: 2, rows: 6}
run       = 3it
precision = fp64
optimizer = sgd(lr=1e-7)
"""


def write(place: Path) -> None:
    """The spec, its ops and its data: all rows twice, so that two processes share them and every mean is the same."""
    samples = np.hstack([X.numpy(), np.arange(3)[:, None]])
    np.savez(place / "samples.npz", data=np.tile(samples, (2, 1)), label=np.zeros(6, dtype=np.int64))
    np.savez(place / "centers.npz", data=np.tile(M.numpy(), (2, 1)), label=np.tile(np.arange(3), 2))
    np.savez(place / "first.npz", data=np.tile(samples[:1], (2, 1)), label=np.zeros(2, dtype=np.int64))
    np.savez(place / "batches.npz", data=np.tile(np.hstack(BATCHES), (2, 1)), label=np.zeros(6, dtype=np.int64))
    (place / "my_ops.py").write_text(OPS, encoding="utf-8")
    (place / "supercm.ssl").write_text(SPEC, encoding="utf-8")


def gradients(weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """What the weights of `supercm` moved by, and of it the part of the features that the logits do not bring."""
    logits = torch.linalg.solve(INPUTS.T, -weights["classes.moved"])
    moved = {
        "x": -weights["encoder.offset"] - logits @ MAP[:2].T,
        "logits": logits,
        "centroids": M - weights["decoder.value"],
    }
    return {name: value / (LR * STEPS) for name, value in moved.items()}


@pytest.fixture(scope="module", params=[run_in_one, pytest.param(run_in_two, marks=pytest.mark.slow)])
def folder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("supercm")
    write(place)
    command = ("run", str(place / "supercm.ssl"), "--out", str(place), "--checkpoint-every", "1")
    request.param(place, *command, "--no-progress", "--no-report")
    return place / "supercm-s0-1"


def test_losses_and_totals_are_those_of_the_sheet(folder: Path) -> None:
    first = read_lines(folder)[0][0]
    losses, weights = first["loss"], first["weight"]
    assert {name: losses[name] for name in WORKED} == pytest.approx(WORKED, abs=1e-9)
    totals = {names: sum(weights[name] * losses[name] for name in names) for names in TOTALS}
    assert totals == pytest.approx(TOTALS, abs=1e-9)


def test_gradients_are_those_of_the_sheet(folder: Path) -> None:
    last = latest(folder / "checkpoints")
    assert last is not None and last.step == STEPS
    for name, found in gradients(read_part(last, "weights")).items():
        torch.testing.assert_close(found, torch.tensor(GRADIENTS[name], dtype=torch.float64), atol=1e-6, rtol=0)


@pytest.mark.parametrize("rule", TABLE)
def test_centroids_are_those_of_the_table_of_the_sheet(folder: Path, rule: str) -> None:
    found = {c.step: read_part(c, "memory") for c in complete_checkpoints(folder / "checkpoints")}
    for step, expected in TABLE[rule].items():
        value = found[step][f"{rule}/class_centroids.value"]
        torch.testing.assert_close(value, torch.tensor(expected, dtype=torch.float64))
