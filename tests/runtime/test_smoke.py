"""A smoke run is short, needs no data, and changes nothing of the graph."""

from pathlib import Path

import pytest
from experiments import LIBRARY, experiment, node_of, plan_of, stateful, two_stages

from ssldsl import pipeline
from ssldsl.graph.plan import CombinedPlan, CurvePlan, NodePlan, Plan
from ssldsl.graph.plan_types import TensorPlan, with_tensors
from ssldsl.ops.data import Samples
from ssldsl.runtime.data.datasets import Datasets
from ssldsl.runtime.folder.request import Request
from ssldsl.runtime.run import Options, run
from ssldsl.runtime.smoke.generated import GeneratedData
from ssldsl.runtime.smoke.plan import smoke_plan

QUIET = Options(is_progress_shown=False)


@pytest.mark.parametrize("plan", [experiment("run=500it"), stateful("run=500it"), two_stages(steps=500)])
def test_every_stage_trains_without_its_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, plan: Plan) -> None:
    monkeypatch.setattr(Datasets, "samples", None)  # nobody may open a data set
    result = run(smoke_plan(plan, LIBRARY), tmp_path / "run", LIBRARY, QUIET)
    assert result.status == "finished"
    assert set(result.metrics) == {stage.name for stage in plan.stages}


def test_steps_are_few_and_a_batch_keeps_its_proportions() -> None:
    small = smoke_plan(experiment("run=500it", "accumulate=2"), LIBRARY).stages[0]
    assert small.steps == 3
    assert [stream.rows for stream in small.streams] == [4, 4]  # two rows in each of two parts
    cuts = [(n.settings["start"], n.settings["stop"]) for n in small.nodes if n.op == "slice"]
    views = [(0, 4), (4, 8)]  # of both streams, which are moved by one call
    assert cuts == [*views, (0, 32), (0, 4), (0, 16), (16, 32), (4, 8)]


def test_the_graph_is_the_same_but_for_its_rows() -> None:
    plan = experiment()
    small = smoke_plan(plan, LIBRARY)

    def without_rows(type_: TensorPlan) -> TensorPlan:
        return type_.model_copy(update={"dims": type_.dims[1:]})

    def shape(node: NodePlan) -> tuple[object, ...]:
        cut = {k: v for k, v in node.settings.items() if k not in ("start", "stop")}
        return node.id, node.op, node.inputs, node.params, cut, node.draw, with_tensors(node.type, without_rows)

    assert [shape(n) for n in small.stages[0].nodes] == [shape(n) for n in plan.stages[0].nodes]


def test_rows_in_types_follow() -> None:
    small = smoke_plan(experiment(), LIBRARY).stages[0]
    label, image = (node_of(small, "draw", stream="labeled", field=name).type for name in ("label", "image"))
    assert label == TensorPlan(kind="Labels", dims=(2,), classes=10)
    assert image == TensorPlan(kind="Images", dims=(2, 1, 8, 8))


def test_durations_shrink_with_the_steps_and_factors_stay() -> None:
    plan = experiment("run=600it", "optimizer=sgd(lr=linear_ramp(200it) then linear_ramp(300it, to=0.5))")
    (small, *_) = smoke_plan(plan, LIBRARY).stages[0].schedules
    assert isinstance(small, CombinedPlan) and isinstance(small.right, CurvePlan)
    assert small.length == pytest.approx(1.0)
    assert small.right.settings["length"] == pytest.approx(1.5)
    assert small.right.settings["to"] == 0.5


def made_up(data: str, of: str, *, views: str = "", net: str = "convnet(width=4)") -> Samples:
    """What a smoke run makes up for a stream of these data."""
    text = f"""\
ssl 1
data   images = {data}
stream drawn  = {of}{views}
net    encoder = {net}
head   classes = linear(encoder.dim, 3)
loss  = entropy(classes(encoder(drawn)))
batch = {{drawn: 4}}
run   = 3it
optimizer = sgd(lr=0.1)
"""
    stage = plan_of(text, resident=()).stages[0]
    return GeneratedData().samples(stage, stage.streams[0].data)


def test_made_up_data_have_the_fields_and_classes_of_the_type() -> None:
    samples = made_up("cifar10()", "images.train")
    one = samples.read(samples.ids[:2])
    assert tuple(one["image"].shape) == (2, 3, 32, 32)
    assert samples.labels is not None and samples.labels.unique().numel() == 10
    assert len(samples) == 64


def test_made_up_data_without_labels_have_none() -> None:
    assert made_up("two_moons()", "unlabel(images.train)", net="mlp(width=4)").fields == ("vector",)


def test_samples_that_workers_prepare_are_not_in_memory() -> None:
    assert not made_up("imagenet()", "images.train.subset(100)", views=" >> random_crop(8)").resident


WIDE = """\
ssl 1
data   images  = digits()
stream labeled = images.train
net    encoder = convnet(width=64)
head   classes = linear({size}, images.classes)
loss  = ce(labeled, net=encoder >> classes)
batch = {{labeled: 8}}
run   = 3it
"""


def smoke_width(tmp_path: Path, size: str) -> int:
    """The width of the network of a spec in a smoke run; 32 is usual."""
    request = Request(str(tmp_path / "wide.ssl"), WIDE.format(size=size), smoke=True)
    modules = pipeline.prepare(request, request.checked()).plan.modules
    return next(int(module.settings["width"]) for module in modules if module.path == "encoder")


def test_a_network_several_times_as_wide_as_usual_becomes_as_wide_as_usual(tmp_path: Path) -> None:
    assert smoke_width(tmp_path, "encoder.dim") == 32


def test_a_network_stays_wide_where_a_head_counts_on_it(tmp_path: Path) -> None:
    assert smoke_width(tmp_path, "256") == 64
