"""FixMatch and its kin as definitions of a few lines, held against numbers that were worked out apart from them."""

import pytest
import torch
from experiments import LIBRARY
from small_specs import TWO_STREAMS
from test_s4l_rotation import Written
from test_step_of_specs import plan_of
from torch import Tensor, nn

from ssldsl.runtime.step.module import make_step

HEAD = f"""{TWO_STREAMS}
net    net1      = encoder >> classes
let    strong    = random_shift(unlabeled, 3)
let    weak      = stop(net1(unlabeled))
let    p         = probabilities(weak)
let    seen      = net1(strong)
let    labels    = hard_labels(p)
batch = {{labeled: 2, unlabeled: 4}}
clock = unlabeled
run   = 5it
"""
LABELED = [[2, 0, 1], [0, 1, 0]]
TRUTH = [0, 2]
WEAK = [[4, 0, 0], [0, 2, 0], [1, 0, 3], [0.5, 0.4, 0.3]]
STRONG = [[2, 1, 0], [0, 1, 0.5], [0, 0, 2], [1, 0, 0]]


def table(rows: list[list[float]]) -> Tensor:
    return torch.tensor(rows, dtype=torch.float64, requires_grad=True)


def step_of(term: str, level: int = 1) -> tuple[dict[str, Tensor], Tensor, Tensor]:
    """What a step with `ce` and this term gives, and the gradients of the scores of strong and of weak rows."""
    plan = plan_of(f"{HEAD}loss = ce(labeled) + {term}\n", level)
    seen, weak = table(LABELED + STRONG), table(WEAK)
    modules = nn.ModuleDict({module.path.replace(".", "/"): nn.Identity() for module in plan.modules})
    modules["classes"] = Written(seen, weak)
    batch: dict[str, Tensor] = {}
    for stream, rows in (("labeled", 2), ("unlabeled", 4)):
        batch |= {f"{stream}.{part}": torch.arange(rows) for part in ("index", "epoch", "copy")}
        batch[f"{stream}.image"] = torch.rand(rows, 1, 8, 8)
    step = make_step(plan, plan.stages[0], modules, LIBRARY)
    values = step({**batch, "labeled.label": torch.tensor(TRUTH)}, torch.zeros(0))
    values["loss"].backward()
    return values, seen.grad[2:], torch.zeros(()) if weak.grad is None else weak.grad


WORKED = {
    "fixmatch(unlabeled, strong, threshold=0.8)": 0.1617876827,
    "uda(unlabeled, strong)": 0.1539840381,
    # the same with another spelling: the mask is a factor of the losses, wherever it stands
    "mean(cross_entropy(seen, labels) * (0.8 <= confidence(p)))": 0.1617876827,
    # FixMatch with soft labels at half the temperature
    "mean((confidence(p) >= 0.8) * soft_cross_entropy(seen, probabilities(weak, temperature=0.5)))": 0.1722245074,
    # what ReFixMatch adds: rows that are left out are used softly
    "mean((1 - (confidence(p) >= 0.8)) * kl(2*seen, probabilities(weak, temperature=0.5)))": 0.1584755368,
    # FlexMatch at its start, where every row counts
    "mean(cross_entropy(seen, labels))": 0.4697162788,
}


@pytest.mark.parametrize("term", WORKED)
def test_a_term_has_the_worked_value(term: str) -> None:
    assert step_of(f"{term} as worked")[0]["worked"].item() == pytest.approx(WORKED[term], abs=2e-7)


def test_the_total_of_fixmatch_has_the_worked_value() -> None:
    assert step_of("fixmatch(unlabeled, strong, threshold=0.8)")[0]["loss"].item() == pytest.approx(
        1.1413130219, abs=2e-7
    )


def test_the_gradient_of_fixmatch_reaches_the_strong_rows_that_count_and_no_weak_one() -> None:
    _, strong, weak = step_of("fixmatch(unlabeled, strong, threshold=0.8)")
    expected = [
        [-0.0836897611, 0.0611821178, 0.0225076433],
        [0, 0, 0],
        [0.0266267447, 0.0266267447, -0.0532534895],
        [0, 0, 0],
    ]
    torch.testing.assert_close(strong, torch.tensor(expected, dtype=torch.float64), atol=1e-7, rtol=0)
    assert weak.abs().max() == 0


def test_a_row_that_just_reaches_the_threshold_counts() -> None:
    sure = torch.tensor(WEAK, dtype=torch.float64).softmax(1).amax(1)
    found = step_of(f"fixmatch(unlabeled, strong, threshold={sure[1].item()!r})")[0]["fixmatch"]
    assert found.item() == pytest.approx((0.4076059644 + 0.6802696706 + 0.2395447662) / 4, abs=2e-7)
