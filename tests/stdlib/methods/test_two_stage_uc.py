"""TwoStageUC's worked numbers (12.1 to 12.4, 12.7 of the sheet) by its definitions, in one process and in several."""

import math
from pathlib import Path

import numpy as np
import pytest
import torch
from two_stage_uc_runs import OPS, SLOW, ran, terms

from ssldsl.runtime.folder.checkpoint import latest, read_part
from ssldsl.runtime.folder.run_folder import read_lines

WEIGHT = torch.tensor([[3.0, 0.0, 1.0], [4.0, 2.0, 1.0]])
PROBABILITIES = {  # of (0.6, 0.8) and of (1, 0), by the head of that weight
    "columns": [[0.490264, 0.066350, 0.443386], [0.255039, 0.000632, 0.744329]],
    "columns_warm": [[0.356033, 0.291495, 0.352472], [0.375676, 0.206176, 0.418148]],
    "rows": [[0.999778, 0.000103, 0.000120], [0.998136, 0.000076, 0.001788]],
    "rows_warm": [[0.554187, 0.221217, 0.224596], [0.521231, 0.201847, 0.276922]],
}
APART = math.log(7) - 6 * math.log(1 - 1 / 7)  # four pairs, of which no row is near another
GRADIENTS = [[-0.137781, 0.176775], [-0.099335, -0.072922], [0.396736, -0.013885]]
LR = 1e-7

MANY = """ssl 1
use "my_ops.py"
data   joint = vector_arrays("joint.npz", dim=17)
data   plane = vector_arrays("plane.npz", dim=3)
data   wide  = vector_arrays("wide.npz", dim=129)
data   alike = vector_arrays("alike.npz", dim=3)
stream four  = unlabel(joint.train)
stream two   = unlabel(plane.train)
stream all   = unlabel(wide.train)
stream same  = unlabel(alike.train)
net  one      = placed(17, size=8)
net  other    = placed(17, size=8, start=8)
net  flat[2]  = placed(3)
net  high[2]  = placed(129, size=128)
head written = table(8, 3)
head columns      = norm_fc(2, 3)
head columns_warm = norm_fc(2, 3, temperature=1)
head rows         = norm_fc(2, 3, normalize="rows")
head rows_warm    = norm_fc(2, 3, normalize="rows", temperature=1)
head ten          = norm_fc(128, 10)
precision = fp64
"""
LOSSES = {  # of a stage each
    "released": "two_stage_uc(one(four) | other(four), heads=written)",
    "printed": "two_stage_uc_printed(one(four), other(four), heads=written)",
    **{name: f"two_stage_uc(flat(two), heads={name})" for name in PROBABILITIES},
    "aligned": "two_stage_uc(high(all), heads=ten)",
    "equal": "two_stage_uc(flat(same), heads=columns)",
}
STAGE = """stage {name} {{
  {init}
  loss  = {loss}
  batch = {{{stream}: {rows}}}
  run   = 1it
  {watches}
}}
"""
WATCH = "watch entry(probabilities({name}(flat(two))), two, row={row}, column={column}) as p{row}{column}\n"
THREE = """ssl 1
use "my_ops.py"
data   pairs = vector_arrays("pairs.npz", dim=3)
stream x     = unlabel(pairs.train)
net  plain   = turned(3)
net  moved   = turned(3, at=1)
head heads   = norm_fc(2, 3)
let  views   = plain(x) | moved(x)
precision = fp64
stage released { loss = two_stage_uc(views)                        batch = 3 run = 1it }
stage printed  { loss = two_stage_uc_printed(plain(x), moved(x))   batch = 3 run = 1it }
stage warm     { loss = invariant_spreading(views, temperature=1)  batch = 3 run = 1it }
stage half {
  loss      = invariant_spreading(views, temperature=0.5)
  batch     = 3
  run       = 1it
  optimizer = sgd(lr=1e-7)
}
"""


def stages() -> str:
    """The stages of `MANY`."""
    found = []
    for name, loss in LOSSES.items():
        stream, given = loss.split("(")[2].partition(")")[0], {"name": name, "loss": loss, "init": "", "watches": ""}
        if name in PROBABILITIES:
            watches = [WATCH.format(name=name, row=row, column=column) for row in range(2) for column in range(3)]
            init = f'init {name} from weights("heads.pt")'
            given |= {"name": f"by_{name}", "init": init, "watches": "".join(watches)}
        found.append(STAGE.format(stream=stream, rows=4 if stream in ("four", "two") else 128, **given))
    return "".join(found)


def write(place: Path) -> None:
    """Specs, ops, data and weights. Rows end with their number; four rows of a plane are its two twice."""
    rows = {
        "joint": np.eye(16)[:4] + np.eye(16)[12:],  # of eight directions one, and of eight more one
        "plane": np.tile([[0.6, 0.8], [1, 0]], (2, 1)),
        "wide": np.eye(128),
        "alike": np.tile([[1, 0]], (128, 1)),
        "pairs": [[0, 10], [60, 50], [100, 130]],  # degrees
    }
    for name, values in rows.items():
        numbered = np.hstack([values, np.arange(len(values))[:, None]])
        np.savez(place / f"{name}.npz", data=numbered, label=np.zeros(len(values), dtype=np.int64))
    torch.save({f"{name}.weight": WEIGHT for name in PROBABILITIES}, place / "heads.pt")
    (place / "my_ops.py").write_text(OPS, encoding="utf-8")
    (place / "many.ssl").write_text(MANY + stages(), encoding="utf-8")
    (place / "three.ssl").write_text(THREE, encoding="utf-8")


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    found = tmp_path_factory.mktemp("two_stage_uc")
    write(found)
    return found


@pytest.fixture(scope="module", params=[1, pytest.param(2, marks=SLOW), pytest.param(4, marks=SLOW)])
def many(request: pytest.FixtureRequest, place: Path) -> Path:
    return ran(place, request.param, "many") / "many-s0-1"


@pytest.fixture(scope="module", params=[1, pytest.param(3, marks=SLOW)])
def three(request: pytest.FixtureRequest, place: Path) -> Path:
    """In one process, and in three: three samples are no more to share."""
    return ran(place, request.param, "three") / "three-s0-1"


def test_the_assignments_of_four_samples_are_the_worked_ones(many: Path) -> None:
    found = terms(many)
    assert found["released"] == pytest.approx({"assignment": -0.0369029124, "consistency": APART}, abs=1e-9)
    assert found["printed"]["assignment"] == pytest.approx(-0.0382299356, abs=1e-9)


@pytest.mark.parametrize("head", PROBABILITIES)
def test_fixed_heads_give_the_worked_probabilities(many: Path, head: str) -> None:
    watched = next(line["watch"] for line in read_lines(many)[0] if line["stage"] == f"by_{head}" and "watch" in line)
    found = [[watched[f"p{row}{column}"] for column in range(3)] for row in range(2)]
    torch.testing.assert_close(torch.tensor(found), torch.tensor(PROBABILITIES[head]), atol=1e-6, rtol=0)


def test_a_batch_of_128_has_the_closed_forms_of_the_consistency_loss(many: Path) -> None:
    found = terms(many)
    assert found["aligned"]["consistency"] == pytest.approx(0.0228659768, abs=1e-9)
    assert found["equal"] == pytest.approx({"assignment": 0, "consistency": 6.5393001927}, abs=1e-9)


def test_three_samples_in_two_views_have_the_worked_losses(three: Path) -> None:
    found = terms(three)
    assert found["released"]["consistency"] == pytest.approx(0.2856407170, abs=1e-9)
    assert found["half"]["invariant_spreading"] == pytest.approx(1.5018191696, abs=1e-9)
    assert found["warm"]["invariant_spreading"] == pytest.approx(1.9216818084, abs=1e-9)
    assert found["printed"]["consistency"] == pytest.approx(0.2971596345 / 3, abs=1e-9)


def test_the_gradient_of_three_samples_goes_through_one_side_of_every_product(three: Path) -> None:
    last = latest(three / "checkpoints")
    assert last is not None and last.stage == "half"
    found = -read_part(last, "weights")["plain.offset"][:3] / LR
    torch.testing.assert_close(found, torch.tensor(GRADIENTS, dtype=torch.float64), atol=1e-6, rtol=0)
