"""A step of TwoStageUC's first stage as the language writes it, against the worked numbers of its paper's code."""

import pytest
import torch
from experiments import LIBRARY
from test_s4l_rotation import Written
from test_step_of_specs import plan_of
from torch import Tensor, nn
from two_stage_uc import BANK, NEIGHBORS, ROWS, SAMPLES

from ssldsl.runtime.nets.memories import build_memories, make_memories
from ssldsl.runtime.ops.scalars import Scalars
from ssldsl.runtime.step.module import make_step

SPEC = """ssl 1
data   images    = image_arrays("photos.npz", channels=1, height=8, width=8, classes=3)
stream unlabeled = unlabel(images.train.subset(5, seed=0))
net    encoder   = convnet(width=4)
head   z         = linear(encoder.dim, 2)
net    unit      = encoder >> z >> l2norm()
let    v         = unit(draw(2, random_shift(unlabeled)))
let    past      = bank(v, unlabeled.position)
stage embed {
  loss  = super_and(v, past.rows, unlabeled.position)
  batch = 2
  run   = 5it
}
stage find after embed {
  stream near = unlabeled.with_neighbors(embed.unit(images.train.subset(5, seed=0)), anchors=0.4)
  init encoder, z, past from embed
  let w    = unit(draw(2, random_shift(near)))
  let past = bank(w, near.position)
  loss  = mean(neighborhood_discrimination(w, past.rows, near.position, near.neighbor, temperature=0.5)) as neighborhood
        + 0.2*mean(unification_entropy(w, past.rows, near.position, temperature=0.5, own="released")) as unification
        + invariant_spreading(bank_profiles(w, past.rows), temperature=0.5) as spreading
  batch = 2
  run   = 5it
}
"""


def step_of_the_worked_example() -> tuple[dict[str, Tensor], nn.ModuleDict]:
    """The values of one step of `find`, and its memory after it."""
    plan = plan_of(SPEC, 1)
    stage = plan.stages[1]
    kept = build_memories(plan, stage, {}, LIBRARY).double()
    (bank,) = kept.values()
    bank.rows.copy_(BANK)
    memories = make_memories(stage, kept, Scalars(stage, LIBRARY), LIBRARY)
    modules = nn.ModuleDict({module.path.replace(".", "/"): nn.Identity() for module in plan.modules})
    modules["z"] = Written(ROWS)
    batch: dict[str, Tensor] = {f"near.{part}": torch.arange(2) for part in ("index", "epoch", "copy")}
    batch |= {"near.image": torch.rand(2, 1, 8, 8), "near.position": SAMPLES, "near.neighbor": NEIGHBORS[:2]}
    found = make_step(plan, stage, modules, LIBRARY, memories=kept)(batch, torch.zeros(0))
    memories.commit([memories.pending_writes(found)], 0)
    return found, kept


def test_the_terms_of_a_step_and_their_sum_are_the_worked_ones_and_the_bank_holds_the_second_view() -> None:
    found, kept = step_of_the_worked_example()
    assert found["neighborhood"].item() == pytest.approx(0.6122821715, abs=1e-9)
    assert found["spreading"].item() == pytest.approx(0.0983937400, abs=1e-9)
    assert (found["neighborhood"] + found["spreading"]).item() == pytest.approx(0.7106759115, abs=1e-9)
    assert found["unification"].item() == pytest.approx(1.1666252721, abs=1e-9)
    assert found["loss"].item() == pytest.approx(0.7106759115 + 0.2 * 1.1666252721, abs=1e-9)
    expected = BANK.clone()
    expected[4], expected[1] = torch.tensor([-0.843391, -0.537300]), torch.tensor([0.766044, 0.642788])
    (bank,) = kept.values()
    torch.testing.assert_close(bank.rows, expected, atol=1e-6, rtol=0)
