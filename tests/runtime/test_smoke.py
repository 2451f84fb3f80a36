"""A smoke run is short, needs no data, and changes nothing of the graph."""

from pathlib import Path

import pytest
from step_plans import place, tensor
from training_plans import LIBRARY, experiment, stateful, two_stages, with_stage

from ssldsl.graph.plan import CombinedPlan, ConstantPlan, CurvePlan, NodePlan, Plan
from ssldsl.graph.plan_types import DataPlan, TensorPlan, with_tensors
from ssldsl.runtime.data.datasets import Datasets
from ssldsl.runtime.run import Options, run
from ssldsl.runtime.smoke.plan import GeneratedData, smoke_plan

QUIET = Options(is_progress_shown=False)


def typed(plan: Plan) -> Plan:
    """The plan with the types of its data, as planning writes them."""
    fields = {"image": tensor("Images", 1, 8, 8), "label": tensor("Labels", classes=10)}
    kinds = {"split": DataPlan(fields=fields, size=1437)}
    stages = [
        stage.model_copy(
            update={"nodes": tuple(n.model_copy(update={"type": kinds.get(n.op, n.type)}) for n in stage.nodes)}
        )
        for stage in plan.stages
    ]
    return plan.model_copy(update={"stages": tuple(stages)})


@pytest.mark.parametrize("plan", [experiment(steps=500), stateful(steps=500), two_stages(steps=500)])
def test_every_stage_trains_without_its_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, plan: Plan) -> None:
    monkeypatch.setattr(Datasets, "samples", None)  # nobody may open a data set
    result = run(smoke_plan(typed(plan), LIBRARY), tmp_path / "run", LIBRARY, QUIET)
    assert result.status == "finished"
    assert set(result.metrics) == {stage.name for stage in plan.stages}


def test_steps_are_few_and_a_batch_keeps_its_proportions() -> None:
    small = smoke_plan(typed(experiment(steps=500, accumulate=2)), LIBRARY).stages[0]
    assert small.steps == 3
    assert [stream.rows for stream in small.streams] == [4, 4]  # two rows in each of two parts
    cuts = [(n.settings["start"], n.settings["stop"]) for n in small.nodes if n.op == "slice"]
    assert cuts == [(0, 32), (0, 4), (4, 8), (0, 16), (16, 32)]


def test_the_graph_is_the_same_but_for_its_rows() -> None:
    plan = typed(experiment())
    small = smoke_plan(plan, LIBRARY)

    def without_rows(type_: TensorPlan) -> TensorPlan:
        return type_.model_copy(update={"dims": type_.dims[1:]})

    def shape(node: NodePlan) -> tuple[object, ...]:
        cut = {k: v for k, v in node.settings.items() if k not in ("start", "stop")}
        return node.id, node.op, node.inputs, node.params, cut, node.draw, with_tensors(node.type, without_rows)

    assert [shape(n) for n in small.stages[0].nodes] == [shape(n) for n in plan.stages[0].nodes]


def test_rows_in_types_follow() -> None:
    small = smoke_plan(typed(experiment()), LIBRARY).stages[0]
    draws = {(n.settings["stream"], n.settings["field"]): n.type for n in small.nodes if n.op == "draw"}
    assert draws["labeled", "label"] == tensor("Labels", 2, classes=10)
    assert draws["labeled", "image"] == tensor("Images", 2, 1, 8, 8)


def test_durations_shrink_with_the_steps_and_factors_stay() -> None:
    drops = CurvePlan(op="drops", settings={"at": [100.0, 300.0], "by": 0.5})
    both = CombinedPlan(op="then", left=ConstantPlan(value=0.3), right=drops, length=200.0)
    (small,) = smoke_plan(experiment(steps=600, schedules=(both,)), LIBRARY).stages[0].schedules
    assert isinstance(small, CombinedPlan) and isinstance(small.right, CurvePlan)
    assert small.length == pytest.approx(1.0)
    assert small.right.settings["at"] == pytest.approx([0.5, 1.5])
    assert small.right.settings["by"] == 0.5


def test_made_up_data_have_the_fields_and_classes_of_the_type() -> None:
    fields = {"image": tensor("Images", 3, 32, 32), "label": tensor("Labels", classes=7)}
    node = NodePlan(id="d", op="split", type=DataPlan(fields=fields, size=50000), places=(place(5),))
    stage = with_stage(experiment(), nodes=(node,)).stages[0]
    samples = GeneratedData().samples(stage, "d")
    one = samples.read(samples.ids[:2])
    assert tuple(one["image"].shape) == (2, 3, 32, 32)
    assert samples.labels is not None and samples.labels.unique().numel() == 7
    assert len(samples) == 64


def test_made_up_data_without_labels_have_none() -> None:
    node = NodePlan(id="d", op="unlabel", type=DataPlan(fields={"vector": tensor("Vectors", 2)}, size=100))
    stage = with_stage(experiment(), nodes=(node,)).stages[0]
    assert GeneratedData().samples(stage, "d").fields == ("vector",)


def test_samples_that_workers_prepare_are_not_in_memory() -> None:
    node = NodePlan(id="d", op="source", type=DataPlan(fields={"image": tensor("Images", 3, 32, 32)}, size=100))
    draw = NodePlan(id="e", op="draw", inputs=("d",), type=tensor("Images"), placement="host")
    stage = with_stage(experiment(), nodes=(node, draw)).stages[0]
    assert not GeneratedData().samples(stage, "d").resident
