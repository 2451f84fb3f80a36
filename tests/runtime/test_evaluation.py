"""Metrics are those of the whole data set, of averaged weights if there are any, and leave networks as they were."""

from pathlib import Path

import pytest
import torch
from experiments import BATCH_NORM, LIBRARY, experiment, node_of, stateful
from PIL import Image
from sklearn.datasets import load_digits
from torch import nn

from ssldsl.check import check
from ssldsl.graph.plan import OpPlan, Plan
from ssldsl.passes.planning import make_plan
from ssldsl.runtime.data.datasets import Datasets
from ssldsl.runtime.data.measure import measure
from ssldsl.runtime.evaluate.evaluator import Evaluator, evaluation_mode
from ssldsl.runtime.nets.averages import Moving, stage_average
from ssldsl.runtime.nets.build import build_modules
from ssldsl.runtime.ops.scalars import Scalars
from ssldsl.runtime.stage_setup import data_ids
from ssldsl.source import Source


class OneProcess:
    """What evaluation uses of Accelerate."""

    num_processes, process_index, device = 1, 0, torch.device("cpu")

    def autocast(self) -> torch.autocast:
        return torch.autocast("cpu", enabled=False)


class OneOfMany(OneProcess):
    """Process `rank` of several; what the processes gather is put together here."""

    def __init__(self, rank: int, world: int, gathered: list[list[torch.Tensor]]) -> None:
        self.num_processes, self.process_index, self.gathered = world, rank, gathered

    def gather(self, value: torch.Tensor) -> torch.Tensor:
        self.gathered[self.process_index].append(value)
        position = len(self.gathered[self.process_index]) - 1
        known = [values[position] if len(values) > position else torch.zeros_like(value) for values in self.gathered]
        return torch.cat(known)


def evaluator(plan: Plan, modules: nn.ModuleDict, accelerator: OneProcess, rows: int = 64) -> Evaluator:
    stage, datasets = plan.stages[0], Datasets(LIBRARY)
    data = {id_: datasets.samples(stage, id_) for id_ in data_ids(stage)}
    scalars = Scalars(stage, LIBRARY)
    return Evaluator(plan, stage, modules, data, LIBRARY, accelerator, scalars, rows)  # type: ignore[arg-type]  # a stand-in


def networks(plan: Plan) -> nn.ModuleDict:
    return build_modules(plan, {"labeled.image": (1, 8, 8), "unlabeled.image": (1, 8, 8)}, LIBRARY)


def test_accuracy_is_that_of_one_pass_over_the_test_set() -> None:
    plan = experiment()
    modules = networks(plan)
    test = Datasets(LIBRARY).samples(plan.stages[0], node_of(plan.stages[0], "split", name="test").id)
    whole = test.read(torch.arange(360))
    with torch.no_grad():
        guesses = modules["classes"](modules["encoder"](whole["image"])).argmax(dim=1)
    results = evaluator(plan, modules, OneProcess()).evaluate(0).results
    assert results["top1"] == pytest.approx((guesses == whole["label"]).float().mean().item())
    counts = results["confused"]
    assert isinstance(counts, list) and counts[0][0] == ((guesses == 0) & (whole["label"] == 0)).sum().item()


def test_the_size_of_a_batch_does_not_matter() -> None:
    plan = experiment()
    modules = networks(plan)
    sizes = [evaluator(plan, modules, OneProcess(), rows).evaluate(0).results for rows in (7, 360, 1000)]
    assert sizes[0] == sizes[1] == sizes[2]


@pytest.mark.parametrize("world", [2, 7, 100])
def test_shares_of_several_processes_are_the_whole(world: int) -> None:
    plan = experiment()
    modules = networks(plan)
    gathered: list[list[torch.Tensor]] = [[] for _ in range(world)]
    for rank in range(world - 1):
        evaluator(plan, modules, OneOfMany(rank, world, gathered)).evaluate(0)
    together = evaluator(plan, modules, OneOfMany(world - 1, world, gathered)).evaluate(0).results
    assert together == evaluator(plan, modules, OneProcess()).evaluate(0).results


def test_networks_keep_mode_statistics_and_weights() -> None:
    plan = experiment(*BATCH_NORM)
    modules = networks(plan).train()
    modules["classes"].eval()
    before = {name: tensor.clone() for name, tensor in modules.state_dict().items()}
    live = dict(modules.named_parameters())
    average = Moving({name: torch.zeros_like(p) for name, p in live.items()}, live, lambda step, steps: 0.5)
    evaluator(plan, modules, OneProcess()).evaluate(0, average)
    assert all(torch.equal(tensor, before[name]) for name, tensor in modules.state_dict().items())
    assert modules["encoder"].training and not modules["classes"].training


def test_the_average_is_what_is_evaluated() -> None:
    plan = experiment()
    modules = networks(plan)
    live = dict(modules.named_parameters())
    average = Moving({name: torch.zeros_like(p) for name, p in live.items()}, live, lambda step, steps: 0.5)
    results = evaluator(plan, modules, OneProcess()).evaluate(0, average).results
    labels = torch.from_numpy(load_digits().target)
    assert results["top1"] == pytest.approx((labels == 0).double().mean().item(), abs=0.005)  # all scores are 0


def test_evaluation_mode_ends_with_an_error() -> None:
    module = nn.Sequential(nn.Dropout())
    with pytest.raises(ValueError, match="stop"), evaluation_mode(module):
        raise ValueError("stop")
    assert module[0].training


def test_one_metric_may_read_two_data_sets() -> None:
    plan = experiment(metrics="eval knn(images.test, images.train, k=1)")
    assert 0.5 < evaluator(plan, networks(plan), OneProcess()).evaluate(0).results["knn"] < 1.0


def test_images_in_files_of_any_size_are_cut_to_one_by_their_views(tmp_path: Path) -> None:
    for label in ("a", "b"):
        (tmp_path / "all" / label).mkdir(parents=True)
        for number in range(3):
            picture = Image.new("RGB", (20 + number, 30), (40 * number,) * 3)
            picture.save(tmp_path / "all" / label / f"{number}.png")
    text = FILES.format(folder=tmp_path / "all")
    program = check(Source("files.ssl", text)).unwrap()
    measured = measure(program, Datasets(LIBRARY))
    plan = make_plan(program, sizes=measured.sizes, resident=measured.resident)
    modules = build_modules(plan, {"drawn.image": (3, 8, 8)}, LIBRARY)
    counts = evaluator(plan, modules, OneProcess(), rows=4).evaluate(0).results["confusion_matrix"]
    assert isinstance(counts, list) and sum(map(sum, counts)) == 6


FILES = """ssl 1
data   images  = image_folder("{folder}")
stream drawn   = images.all >> resize(8) >> center_crop(8)
net    encoder = convnet(width=8)
head   classes = linear(encoder.dim, images.classes)
loss  = ce(drawn)
batch = 2
run   = 2it
optimizer = sgd(lr=0.1)
eval confusion_matrix(images.all >> resize(8) >> center_crop(8))
"""


def test_polyak_average_has_the_half_life_it_says() -> None:
    weight = nn.Parameter(torch.ones(1), requires_grad=False)
    average = stage_average(OpPlan(op="polyak", settings={"half_life": 4.0}), {"w": weight})
    weight.zero_()
    for step in range(8):
        average.update(step, 8)
    assert average.average["w"].item() == pytest.approx(0.25)


def test_a_plan_with_every_kind_of_state_can_be_evaluated() -> None:
    plan = stateful()
    assert 0 <= evaluator(plan, networks(plan), OneProcess()).evaluate(0).results["top1"] <= 1
