"""Methods with memories as definitions of a few lines, over several steps, held against numbers worked out apart."""

from collections.abc import Iterator

import pytest
import torch
from experiments import LIBRARY
from test_s4l_rotation import Written
from test_step_of_specs import plan_of
from torch import Tensor, nn

from ssldsl.runtime.nets.memories import build_memories, make_memories
from ssldsl.runtime.ops.scalars import Scalars
from ssldsl.runtime.step.module import make_step

HEAD = """ssl 1
data   images    = image_arrays("photos.npz", channels=1, height=8, width=8, classes=3)
stream labeled   = images.train.subset(100, seed=0)
stream unlabeled = unlabel(images.train.subset(6, seed=0))
net    encoder   = convnet(width=4)
head   classes   = linear(encoder.dim, 3)
let    strong    = random_shift(unlabeled, 3)
batch = {labeled: 2, unlabeled: 4}
clock = unlabeled
run   = 5it
"""
LABELED, TRUTH = [[2, 0, 1], [0, 1, 0]], [0, 2]
STRONG = [[2, 1, 0], [0, 1, 0.5], [0, 0, 2], [1, 0, 0]]
WEAK = [[4, 0, 0], [0, 2, 0], [1, 0, 3], [0.5, 0.4, 0.3]]
SECOND = [[0, 0, 5], [3, 1, 0], [0.4, 0, 0], [0, 3, 1]]
SUPERVISED = 0.9795253392
Step = tuple[list[list[float]], list[int]]  # the scores of the weak views, and where their samples stand
STEPS: list[Step] = [(WEAK, [0, 1, 2, 3]), (SECOND, [2, 3, 4, 5]), (WEAK, [0, 1, 2, 3])]


def table(rows: list[list[float]]) -> Tensor:
    return torch.tensor(rows, dtype=torch.float64, requires_grad=True)


def values_of(term: str, steps: list[Step], strong: bool = True) -> Iterator[dict[str, Tensor]]:
    """What every step gives, with the memories that the steps before left. `strong`: whether there is a second view."""
    plan = plan_of(f"{HEAD}loss = cross_entropy(classes(encoder(labeled)), labeled.label) as ce + {term}\n", 1)
    stage = plan.stages[0]
    kept = build_memories(plan, stage, {}, LIBRARY).double()
    memories = make_memories(stage, kept, Scalars(stage, LIBRARY), LIBRARY)
    for weak, positions in steps:
        modules = nn.ModuleDict({module.path.replace(".", "/"): nn.Identity() for module in plan.modules})
        modules["classes"] = Written(table(LABELED + (STRONG if strong else weak)), table(weak))
        batch: dict[str, Tensor] = {}
        for stream, rows in (("labeled", 2), ("unlabeled", 4)):
            batch |= {f"{stream}.{part}": torch.arange(rows) for part in ("index", "epoch", "copy")}
            batch[f"{stream}.image"] = torch.rand(rows, 1, 8, 8)
        batch |= {"labeled.label": torch.tensor(TRUTH), "unlabeled.position": torch.tensor(positions)}
        found = make_step(plan, stage, modules, LIBRARY, memories=kept)(batch, torch.zeros(0))
        memories.commit([memories.pending_writes(found)], 0)
        yield found


@pytest.mark.parametrize(
    ("warmup", "expected"),
    [("true", [0.4697162788, 1.9697162788, 0.3318551003]), ("false", [0.4697162788, 1.4098300873, 0.3318551003])],
)
def test_flexmatch_over_three_steps(warmup: str, expected: list[float]) -> None:
    found = values_of(f"flexmatch(unlabeled, strong, threshold=0.8, warmup={warmup})", STEPS)
    assert [values["flexmatch"].item() for values in found] == pytest.approx(expected, abs=1e-9)


def test_freematch_over_two_steps() -> None:
    found = list(values_of("freematch(unlabeled, strong, 3, momentum=0.9, fairness=0.01)", STEPS[:2]))
    for values, unlabeled, fair, total in zip(
        found, (0.3318551003, 1.9697162788), (-1.1067679343, -1.1151302038), (1.3003127602, 2.9380903160), strict=True
    ):
        assert values["unlabeled"].item() == pytest.approx(unlabeled, abs=1e-7)
        assert values["fair"].item() == pytest.approx(fair, abs=1e-7)
        assert values["loss"].item() == pytest.approx(total, abs=1e-7)


def test_softmatch_over_two_steps() -> None:
    found = values_of("softmatch(unlabeled, strong, momentum=0.9)", STEPS[:2])
    assert [v["softmatch"].item() for v in found] == pytest.approx([0.4697151640, 1.9677832699], abs=1e-7)


def test_temporal_ensembling_compares_with_the_passes_before() -> None:
    visits = [[0.2, 0.3, 0.5], [0.6, 0.2, 0.2], [0.9, 0.05, 0.05], [0.25, 0.25, 0.5]]
    targets = [[0.2, 0.3, 0.5], [0.2, 0.3, 0.5], [0.45, 0.2375, 0.3125], [0.6795918367, 0.1418367347, 0.1785714286]]
    steps = [([torch.tensor(visit).log().tolist()] * 4, [0, 1, 2, 3]) for visit in visits]
    found = values_of("temporal_ensembling(unlabeled)", steps, strong=False)
    for values, visit, target in zip(found, visits, targets, strict=True):
        expected = (torch.tensor(visit) - torch.tensor(target)).square().mean().item()
        assert values["temporal_ensembling"].item() == pytest.approx(expected, abs=1e-7)
    assert values["loss"].item() == pytest.approx(SUPERVISED + expected, abs=1e-7)
