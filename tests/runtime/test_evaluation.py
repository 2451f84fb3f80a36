"""Metrics are those of the whole data set, of averaged weights if there are any, and leave networks as they were."""

from pathlib import Path

import pytest
import torch
from PIL import Image
from sklearn.datasets import load_digits
from step_plans import SOME, place
from torch import nn
from training_plans import LIBRARY, experiment, stateful, with_stage

from ssldsl.graph.plan import EvaluationPlan, NodePlan, OpPlan, Plan
from ssldsl.ops.samples import FileSamples
from ssldsl.runtime.data.datasets import Datasets
from ssldsl.runtime.evaluate.evaluator import Evaluator, evaluation_mode
from ssldsl.runtime.nets.averages import Moving, stage_average
from ssldsl.runtime.nets.modules import build_modules
from ssldsl.runtime.ops.scalars import Scalars
from ssldsl.runtime.stage_setup import data_ids


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
    test = Datasets(LIBRARY).samples(plan.stages[0], "test")
    whole = test.read(torch.arange(360))
    with torch.no_grad():
        guesses = modules["classes"](modules["encoder"](whole["image"])).argmax(dim=1)
    results = evaluator(plan, modules, OneProcess()).evaluate(0)
    assert results["top1"] == pytest.approx((guesses == whole["label"]).float().mean().item())
    counts = results["confused"]
    assert isinstance(counts, list) and counts[0][0] == ((guesses == 0) & (whole["label"] == 0)).sum().item()


def test_the_size_of_a_batch_does_not_matter() -> None:
    plan = experiment()
    modules = networks(plan)
    sizes = [evaluator(plan, modules, OneProcess(), rows).evaluate(0) for rows in (7, 360, 1000)]
    assert sizes[0] == sizes[1] == sizes[2]


@pytest.mark.parametrize("world", [2, 7, 100])
def test_shares_of_several_processes_are_the_whole(world: int) -> None:
    plan = experiment()
    modules = networks(plan)
    gathered: list[list[torch.Tensor]] = [[] for _ in range(world)]
    for rank in range(world - 1):
        evaluator(plan, modules, OneOfMany(rank, world, gathered)).evaluate(0)
    together = evaluator(plan, modules, OneOfMany(world - 1, world, gathered)).evaluate(0)
    assert together == evaluator(plan, modules, OneProcess()).evaluate(0)


def test_networks_keep_mode_statistics_and_weights() -> None:
    plan = experiment(norm="batch")
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
    results = evaluator(plan, modules, OneProcess()).evaluate(0, average)
    labels = torch.from_numpy(load_digits().target)
    assert results["top1"] == pytest.approx((labels == 0).double().mean().item(), abs=0.005)  # all scores are 0


def test_evaluation_mode_ends_with_an_error() -> None:
    module = nn.Sequential(nn.Dropout())
    with pytest.raises(ValueError, match="stop"), evaluation_mode(module):
        raise ValueError("stop")
    assert module[0].training


def test_one_metric_may_read_two_data_sets() -> None:
    plan = experiment()
    stage = plan.stages[0]
    train = stage.streams[0].data

    def node(id_: str, op: str, *inputs: str, params: tuple[str, ...] = (), **settings: object) -> NodePlan:
        return NodePlan(
            id=id_, op=op, inputs=inputs, params=params, settings=settings, type=SOME, placement="evaluation"
        )

    edges = ("features", "labels", "bank_features", "bank_labels")
    encoder = next(n.id for n in stage.nodes if n.op == "net" and n.settings["name"] == "encoder")
    more = (
        node("bank image", "whole", train, field="image"),
        node("bank label", "whole", train, field="label"),
        node("bank deep", "apply", encoder, "bank image"),
        node("nearest", "knn", "deep", "label", "bank deep", "bank label", params=edges, k=1),
    )
    metrics = (EvaluationPlan(name="nearest", node="nearest", place=place(11)),)
    plan = with_stage(plan, nodes=(*stage.nodes, *more), evaluations=metrics)
    assert 0.5 < evaluator(plan, networks(plan), OneProcess()).evaluate(0)["nearest"] < 1.0


def test_images_in_files_of_any_size_are_cut_to_one_by_their_views(tmp_path: Path) -> None:
    for label in ("a", "b"):
        (tmp_path / label).mkdir()
        for number in range(3):
            Image.new("RGB", (20 + number, 30), (40 * number,) * 3).save(tmp_path / label / f"{number}.png")
    plan = experiment()
    stage = plan.stages[0]
    names = [f"{label}/{number}.png" for label in ("a", "b") for number in range(3)]
    samples = FileSamples(tmp_path, names, torch.arange(6), torch.tensor([0, 0, 0, 1, 1, 1]))
    small = NodePlan(id="small", op="resize", inputs=("image",), params=("images",), settings={"size": 8}, type=SOME)
    cut = NodePlan(id="cut", op="center_crop", inputs=("small",), params=("images",), settings={"size": 8}, type=SOME)
    grey = [
        node.model_copy(update={"inputs": (node.inputs[0], "cut")}) if node.id == "deep" else node
        for node in stage.nodes
    ]
    grey.insert(next(i for i, n in enumerate(grey) if n.id == "deep"), small)
    grey.insert(next(i for i, n in enumerate(grey) if n.id == "deep"), cut)
    plan = with_stage(plan, nodes=tuple(grey))
    encoder = plan.modules[0].model_copy(update={"sizes": {"channels": 3}})
    plan = plan.model_copy(update={"modules": (encoder, plan.modules[1])})
    modules = build_modules(plan, {}, LIBRARY)
    made = evaluator(plan, modules, OneProcess(), rows=4)
    made.data = {"test": samples}
    counts = made.evaluate(0)["confused"]
    assert isinstance(counts, list) and sum(map(sum, counts)) == 6


def test_polyak_average_has_the_half_life_it_says() -> None:
    weight = nn.Parameter(torch.ones(1), requires_grad=False)
    average = stage_average(OpPlan(op="polyak", settings={"half_life": 4.0}), {"w": weight})
    weight.zero_()
    for step in range(8):
        average.update(step, 8)
    assert average.average["w"].item() == pytest.approx(0.25)


def test_a_plan_with_every_kind_of_state_can_be_evaluated() -> None:
    plan = stateful()
    assert 0 <= evaluator(plan, networks(plan), OneProcess()).evaluate(0)["top1"] <= 1
