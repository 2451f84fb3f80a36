"""TwoStageUC's worked numbers of the bank (12.5, 12.6, 12.9, 12.10 of the sheet) in the language, also in processes."""

import math
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from two_stage_uc import BANK
from two_stage_uc_runs import OPS, SLOW, ran, terms

from ssldsl.runtime.folder.run_folder import read_lines
from ssldsl.runtime.folder.stage_end import final_memories

BEGIN = """ssl 1
use "my_ops.py"
data   angles = vector_arrays("angles.npz", dim=4)
data   votes  = vector_arrays("votes.npz", dim=3)
data   asked  = vector_arrays("asked.npz", dim=3)
stream all    = unlabel(angles.train)
stream four   = unlabel(votes.train)
net  exact    = turned(4)
net  first    = turned(4, at=1)
net  second   = turned(4, at=2)
net  lone     = turned(3)
optimizer = sgd(lr=1e-15)  # the bank is what is written
precision = fp64
batch     = 2
"""
STEPS = (
    BEGIN
    + """
let past = bank(exact(all), all.position, momentum=0)
stage vote {
  let lone_past = bank(lone(four), four.position, momentum=0)
  loss  = mean(instance_discrimination(lone(four), lone_past.rows, four.position))
  batch = 4
  run   = 1it
  eval bank_knn(asked.train, lone_past.rows, votes.train.label, net=lone, k=3) as at_once
  eval bank_knn(asked.train, lone_past.rows, votes.train.label, net=lone, k=3, temperature=1.0) as warm
}
stage fill after vote {
  loss = mean(instance_discrimination(exact(all), past.rows, all.position))
  run  = 60it
}
stage find after fill {
  stream near = all.with_neighbors(fill.past.rows, anchors=0.4, temperature=0.5)
  init past from fill
  let views = first(near) | second(near)
  let past  = bank(views, near.position)
  loss = (
    mean(neighborhood_discrimination(views, past.rows, near.position, near.neighbor, temperature=0.5)) as neighborhood
    + 0.2 * mean(unification_entropy(views, past.rows, near.position, temperature=0.5, own="released")) as unification
    + invariant_spreading(bank_profiles(views, past.rows), temperature=0.5) as spreading
    + invariant_spreading(views, temperature=0.5) as of_embeddings
  )
  run = 1it
}
stage method after fill {
  stream close = all.with_neighbors(fill.past.rows, anchors=0.4, temperature=0.5)
  init past from fill
  let views = first(close) | second(close)
  let past  = bank(views, close.position)
  loss = super_and(views, past.rows, close.position, close.neighbor, unification=0.2)
  run  = 1it
}
"""
)
RATES = (
    BEGIN
    + """
net  one   = mlp(4, width=4) >> l2norm()
net  other = mlp(4, width=4) >> l2norm()
let views = one(all) | other(all)
let past  = bank(views, all.position)
head heads[2] = norm_fc(4, 3)
stage embed {
  loss      = super_and(views, past.rows, all.position, unification=two_stage_uc_rise())
  optimizer = two_stage_uc_sgd(0.03)
  batch     = 5
  run       = 200ep
}
stage cluster after embed {
  loss      = two_stage_uc(views)
  optimizer = two_stage_uc_sgd(0.01)
  batch     = 5
  run       = 300ep
}
"""
)
SEED = 3  # whose first batch of `near` is the samples of the sheet, 4 and 1
VOTES = [math.degrees(math.acos(similarity)) for similarity in (0.9, 0.8, 0.85, 0.2)]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    found = tmp_path_factory.mktemp("bank")
    degrees = [[0, 0, 0], [20, 30, 60], [90, 0, 0], [100, 0, 0], [200, 195, 225]]
    rows = {"angles": (degrees, [0] * 5), "votes": ([[v, 0] for v in VOTES], [0, 1, 1, 0])}
    rows["asked"] = ([[0, 0]] * 4, [0, 0, 0, 1])
    for name, (values, labels) in rows.items():
        numbered = np.hstack([np.array(values, dtype=float), np.arange(len(values))[:, None]])
        np.savez(found / f"{name}.npz", data=numbered, label=np.array(labels))
    (found / "my_ops.py").write_text(OPS, encoding="utf-8")
    (found / "steps.ssl").write_text(STEPS, encoding="utf-8")
    (found / "rates.ssl").write_text(RATES, encoding="utf-8")
    return found


@pytest.fixture(scope="module", params=[1, pytest.param(2, marks=SLOW)])
def steps(request: pytest.FixtureRequest, place: Path) -> Path:
    """In one process, and in two: two samples are no more to share."""
    return ran(place, request.param, "steps", seed=SEED) / f"steps-s{SEED}-1"


@pytest.fixture(scope="module")
def rates(place: Path) -> Path:
    return ran(place, 1, "rates") / "rates-s0-1"


def test_anchors_and_their_neighbors_of_a_written_bank_are_the_worked_ones(steps: Path) -> None:
    torch.testing.assert_close(final_memories(steps, "fill")["past/bank.rows"], BANK)
    found = [load_file(path)["field.neighbor"].tolist() for path in (steps / "derived").iterdir()]
    assert found == [[1, 1, 2, 3, 3]] * len(found) and found  # 4 and 0 are anchors; the others have themselves


def test_the_terms_of_a_step_are_the_worked_ones(steps: Path) -> None:
    found = terms(steps)["find"]
    assert found["neighborhood"] == pytest.approx(0.6122821715, abs=1e-9)
    assert found["unification"] == pytest.approx(1.1666252721, abs=1e-9)
    assert found["spreading"] == pytest.approx(0.0983937400, abs=1e-9)
    assert found["of_embeddings"] == pytest.approx(0.1155571280, abs=1e-9)


def test_the_bank_is_moved_to_the_second_view(steps: Path) -> None:
    expected = BANK.clone()
    expected[4], expected[1] = torch.tensor([-0.843391, -0.537300]), torch.tensor([0.766044, 0.642788])
    torch.testing.assert_close(final_memories(steps, "find")["past/bank.rows"], expected, atol=1e-6, rtol=0)


def test_the_definition_has_the_terms_of_its_formula(steps: Path) -> None:
    after = final_memories(steps, "method")["past/bank.rows"]
    moved = [i for i in range(5) if not torch.allclose(after[i], BANK[i])]
    angles = torch.tensor([[0, 0], [30, 60], [0, 0], [0, 0], [195, 225]], dtype=torch.float64).deg2rad()
    seen = [i for i in range(5) if i in moved]
    views = torch.cat([torch.stack([a.cos(), a.sin()], dim=1) for a in angles[seen].T])
    logits, own = views @ BANK.T / 0.1, torch.tensor(seen * 2)
    p, neighbors = logits.softmax(dim=1), torch.tensor([1, 1, 2, 3, 3])[own]
    of = torch.arange(len(own))
    both = p[of, own] + torch.where(neighbors == own, 0.0, p[of, neighbors])
    others = logits.masked_fill(torch.nn.functional.one_hot(own, 5).bool(), -torch.inf).softmax(dim=1)
    found = terms(steps)["method"]
    assert found["neighborhood"] == pytest.approx(-both.log().mean().item(), abs=1e-9)
    assert found["unification"] == pytest.approx(torch.special.entr(others).sum(dim=1).mean().item(), abs=1e-9)


def test_one_near_sample_of_a_bank_outvotes_two_that_are_a_little_farther(steps: Path) -> None:
    found = next(line["eval"] for line in read_lines(steps)[0] if line["stage"] == "vote" and "eval" in line)
    assert found == {"at_once": 0.75, "warm": 0.25}  # three of the four are asked about class 0, and one about class 1


def test_the_weight_of_unification_rises_in_a_round_as_in_the_sheet(rates: Path) -> None:
    found = {line["step"]: line["weight"]["unification"] for line in read_lines(rates)[0] if is_of("embed", line)}
    assert len(found) > 40  # steps count from 1, and epochs, of a step each, from 0
    assert all(weight == pytest.approx(0.2 * ((step - 1) // 80)) for step, weight in found.items())


@pytest.mark.parametrize(("stage", "first"), [("embed", 0.03), ("cluster", 0.01)])
def test_rates_drop_from_epoch_120_on(rates: Path, stage: str, first: float) -> None:
    found = {line["step"]: line["lr"] for line in read_lines(rates)[0] if is_of(stage, line)}
    assert len(found) > 40
    for step, rate in found.items():
        epoch = step - 1
        assert rate == pytest.approx(first * 0.1 ** ((epoch - 80) // 40 if epoch >= 80 else 0))


def is_of(stage: str, line: dict[str, object]) -> bool:
    return line["stage"] == stage and "lr" in line
