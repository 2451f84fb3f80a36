"""Evaluations are printed code: a pass over each data set, then a function for each metric."""

import ast

import pytest
import torch
from experiments import DECLARED, LIBRARY, METRICS, SETTINGS, experiment, plan_of

from ssldsl.graph.plan import Plan
from ssldsl.runtime.evaluate.lower import Measures, lower_measures
from ssldsl.runtime.evaluate.printed import stage_code
from ssldsl.runtime.step.code import namespace_of


def measures(plan: Plan, *, in_files: bool = False) -> Measures:
    stage = plan.stages[0]
    return lower_measures(plan, stage, LIBRARY, stage.evaluations, in_files=lambda data: in_files)


def with_evaluations(text: str) -> Plan:
    return plan_of(f"{DECLARED}\nloss = ce(labeled)\nrun = 8it\n{SETTINGS}{text}")


def test_what_two_metrics_read_is_computed_once() -> None:
    code = measures(with_evaluations(METRICS))
    (whole,) = code.passes
    assert code.source.count("self.encoder(") == 1
    assert len(whole.wanted) == 2 and whole.reads == ("image", "label")
    assert code.metrics == {"top1": "top1", "confused": "confused"}


def test_every_data_set_has_its_pass() -> None:
    code = measures(with_evaluations("eval knn(images.test, images.train, k=5)\n"))
    methods = [node.name for node in ast.walk(ast.parse(code.source)) if isinstance(node, ast.FunctionDef)]
    assert methods == ["__init__", "read_test", "read_train", "knn"]


def test_the_code_computes_what_it_says() -> None:
    code = measures(with_evaluations(METRICS))
    encoder, classes = torch.nn.Flatten(), torch.nn.Linear(64, 10)
    made = namespace_of(code)["Measures"]({"encoder": encoder, "classes": classes})
    image, label = torch.rand(5, 1, 8, 8), torch.arange(5)
    logits, labels = made.read_test({"image": image, "label": label}, [])
    assert torch.equal(logits, classes(encoder(image))) and torch.equal(labels, label)
    assert float(made.top1([], logits, labels)) == pytest.approx((logits.argmax(dim=1) == label).float().mean().item())


def test_a_worker_prepares_samples_in_files_before_the_first_network() -> None:
    text = "eval top1(images.test >> resize(4))\n"
    apart, together = (measures(with_evaluations(text), in_files=in_files) for in_files in (True, False))
    (whole,) = apart.passes
    assert whole.host == "prepare_test" and whole.host_reads == ("image",)
    before, after = apart.source.split("class Measures:")
    assert "= resize(images_to_float(image), size=4" in before and "= resize(" not in after
    assert together.passes[0].host == "" and "resize(image, size=4" in together.source


def test_a_metric_with_the_name_of_a_module_hides_it_not() -> None:
    code = measures(with_evaluations("eval top1(images.test) as classes\n"))
    assert code.metrics == {"classes": "classes"}
    assert 'self.classes_ = modules["classes"]' in code.source


def test_a_metric_that_remembers_is_called_by_the_code_and_kept_outside_of_it() -> None:
    code = measures(with_evaluations("eval moved(classes(encoder(images.test)))\n"))
    assert "from collections.abc import Callable, Mapping, Sequence" in code.source
    made = namespace_of(code)["Measures"]({"encoder": torch.nn.Flatten(), "classes": torch.nn.Linear(64, 10)})
    assert made.moved(lambda logits: logits.sum(), [], torch.ones(3)) == 3


def test_all_that_a_stage_runs_can_be_printed() -> None:
    plan = experiment()
    step, metrics = stage_code(plan, plan.stages[0], LIBRARY, {"digits"})
    assert "class Step(StageStep):" in step and "def top1(self" in metrics
