"""The generated step does what a person would write by hand, and knows the spec line of each of its own lines."""

import ast

import pytest
import torch
from experiments import BATCH_NORM, LIBRARY, LOSS, built, quickstart, random_batch, with_stage
from torch import Tensor, nn
from torch.nn import functional

from ssldsl.errors import InternalError, SpecError
from ssldsl.graph.plan import Plan
from ssldsl.ops.random import Rows, SampleRng, key_of
from ssldsl.runtime.ops.scalars import Scalars
from ssldsl.runtime.step.code import locate
from ssldsl.runtime.step.lower import lower


def gradients(modules: nn.ModuleDict) -> dict[str, Tensor]:
    return {name: parameter.grad for name, parameter in modules.named_parameters() if parameter.grad is not None}


def trained_once(plan: Plan, batch: dict[str, Tensor], scalars: Tensor) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
    """The values and the gradients of one step."""
    modules, step = built(plan)
    values = step(batch, scalars)
    values["loss"].backward()
    return values, gradients(modules)


def shifted(images: Tensor, stream: str, batch: dict[str, Tensor]) -> Tensor:
    """A translation by at most one pixel, written with slices of a padded image."""
    rows = Rows(*(batch[f"{stream}.{part}"] for part in ("index", "epoch", "copy")))
    corner = SampleRng(key_of(0, "main", f"{stream}/random_shift"), rows).integers(2, low=0, high=3)
    padded = functional.pad(images, (1, 1, 1, 1))
    return torch.stack([p[:, i : i + 8, j : j + 8] for p, (i, j) in zip(padded, corner.tolist(), strict=True)])


def by_hand(modules: nn.ModuleDict, batch: dict[str, Tensor], vat_weight: float) -> Tensor:
    """Cross-entropy + 0.7 rotation + weighted virtual adversarial loss, as plain PyTorch."""
    encoder, classes, angles = (modules[key] for key in ("encoder", "classes", "rotation/angles"))
    labeled, unlabeled = (shifted(batch[f"{name}.image"], name, batch) for name in ("labeled", "unlabeled"))
    ce = functional.cross_entropy(classes(encoder(labeled)), batch["labeled.label"])
    turns = torch.arange(4).repeat_interleave(len(labeled))
    rotation = torch.zeros(())
    for images in (labeled, unlabeled):
        turned = torch.cat([torch.rot90(images, k, (2, 3)) for k in range(4)])
        rotation = rotation + functional.cross_entropy(angles(encoder(turned)), turns) / 2
    rows = Rows(*(batch[f"unlabeled.{part}"] for part in ("index", "epoch", "copy")))
    d = SampleRng(key_of(0, "main", "vat/virtual_adversarial"), rows).normal(1, 8, 8)
    d = 0.01 * d / d.flatten(1).norm(dim=1).view(-1, 1, 1, 1)
    d.requires_grad_()
    clean = classes(encoder(unlabeled)).detach().softmax(dim=1)
    kl = functional.kl_div(classes(encoder(unlabeled + d)).log_softmax(1), clean, reduction="batchmean")
    (slope,) = torch.autograd.grad(kl, d)
    r = slope / slope.flatten(1).norm(dim=1).view(-1, 1, 1, 1)
    vat = functional.kl_div(classes(encoder(unlabeled + r)).log_softmax(1), clean, reduction="batchmean")
    return ce + 0.7 * rotation + vat_weight * vat


# the direction is sought by the gradient at a small distance, as the formula above does
DIFFERENCES = LOSS.replace("vat(unlabeled)", "vat(unlabeled, xi=0.01)")


@pytest.mark.parametrize("level", [0, 1])
def test_step_equals_the_same_method_written_by_hand(level: int) -> None:
    plan, batch = quickstart(level=level, loss=DIFFERENCES), random_batch()
    values, found = trained_once(plan, batch, torch.tensor([0.0, 0.3]))
    modules, _ = built(plan)
    expected = by_hand(modules, batch, 0.3)
    expected.backward()
    torch.testing.assert_close(values["loss"], expected, rtol=1e-6, atol=1e-6)
    torch.testing.assert_close(found, gradients(modules), rtol=1e-5, atol=1e-6)


def test_loss_is_the_weighted_sum_of_the_terms() -> None:
    values, _ = trained_once(quickstart(), random_batch(), torch.tensor([0.0, 0.25]))
    total = values["ce"] + 0.7 * values["rotation"] + 0.25 * values["vat"]
    torch.testing.assert_close(values["loss"].detach(), total)


def test_terms_carry_no_gradient_and_the_loss_does() -> None:
    values, _ = trained_once(quickstart(), random_batch(), torch.tensor([0.0, 0.3]))
    assert [values[name].requires_grad for name in ("ce", "rotation", "vat", "loss")] == [False, False, False, True]


def test_source_parses_and_contains_no_loop_and_no_branch() -> None:
    plan = quickstart()
    tree = ast.parse(lower(plan, plan.stages[0], LIBRARY).source)
    (step,) = (node for node in tree.body if isinstance(node, ast.ClassDef))
    assert not [node for node in ast.walk(step) if isinstance(node, ast.For | ast.While | ast.If | ast.Try)]


def test_source_names_the_lines_of_the_spec_and_imports_ops_by_name() -> None:
    plan = quickstart()
    source = lower(plan, plan.stages[0], LIBRARY).source
    assert "from ssldsl.stdlib.losses.cross_entropy import cross_entropy" in source
    assert f"        # quickstart.ssl:9  loss = {LOSS}\n" in source
    assert "        loss = ce + 0.7 * rotation + scalars[1] * vat\n" in source


def test_nodes_that_nothing_differentiates_through_are_not_recorded() -> None:
    plan = quickstart()
    source = lower(plan, plan.stages[0], LIBRARY).source
    block = source.split("with torch.no_grad():")[1].split("\n        features")[0]
    assert "labeled_images = random_shift(" in block and "rotate4(labeled_images)" in block


def test_an_error_inside_an_op_leads_to_its_node_and_line() -> None:
    _, step = built(quickstart())
    batch = random_batch()
    batch["labeled.label"][3] = 99
    with pytest.raises(IndexError) as caught:
        step(batch, torch.tensor([0.0, 0.3]))
    node = locate(caught.value, step.lowered)
    assert node is not None and (node.op, node.places[-1].line) == ("cross_entropy", 9)


def test_an_error_elsewhere_leads_to_no_node() -> None:
    _, step = built(quickstart())
    assert locate(ValueError("elsewhere"), step.lowered) is None


def test_names_of_python_and_of_the_step_do_not_clash() -> None:
    names = ("lambda", "torch", "scalars", "loss")
    lets = "\n".join(f"let {name} = classes(encoder(labeled >> random_shift({i + 1})))" for i, name in enumerate(names))
    _, step = built(quickstart(loss=" + ".join(f"entropy({name})" for name in names), more=lets))
    assert step(random_batch(), torch.tensor([0.0]))["loss"].isfinite()


def test_slices_are_those_of_one_share_of_the_batch() -> None:
    plan = quickstart(level=1)
    source = lower(plan, plan.stages[0], LIBRARY, shards=4).source
    assert "logits.split(2)" in source and "features[:16:4]" in source


def test_a_batch_that_cannot_be_shared_is_not_cut_at_a_wrong_row() -> None:
    plan = quickstart("batch={labeled: 6, unlabeled: 8}", level=1)
    with pytest.raises(InternalError, match="cannot be shared"):
        lower(plan, plan.stages[0], LIBRARY, shards=4)


def test_settings_that_change_with_time_are_read_from_the_scalars() -> None:
    target = "stop(probabilities(classes(encoder(labeled)), temperature=cosine()))"
    plan = quickstart(loss=f"soft_cross_entropy(classes(encoder(labeled)), {target}) as follow")
    assert "temperature=scalars[0])" in lower(plan, plan.stages[0], LIBRARY).source
    modules, step = built(plan)
    batch = random_batch()
    found = step(batch, torch.tensor([1e6]))["follow"]
    logits = modules["classes"](modules["encoder"](shifted(batch["labeled.image"], "labeled", batch)))
    torch.testing.assert_close(found, -logits.detach().log_softmax(dim=1).mean())  # so hot that targets are uniform


def test_in_low_precision_losses_are_computed_in_float32() -> None:
    plan = quickstart("precision=bf16")
    source = lower(plan, plan.stages[0], LIBRARY).source
    assert "with torch.autocast(scalars.device.type, enabled=False):" in source
    _, step = built(plan)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        values = step(random_batch(), torch.tensor([0.0, 0.3]))
    assert {value.dtype for value in values.values()} == {torch.float32}


def test_in_low_precision_a_pass_without_gradient_takes_none_from_later_passes() -> None:
    plan = quickstart("precision=bf16")
    stage = plan.stages[0]
    first = next(n.id for n in stage.nodes if n.op == "apply")  # the encoder of the labeled images, before all others
    nodes = tuple(n.model_copy(update={"grad": n.grad and n.id != first}) for n in stage.nodes)
    plan = without_term(plan.model_copy(update={"stages": (stage.model_copy(update={"nodes": nodes}),)}), "vat")
    modules, step = built(plan)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        loss = step(random_batch(), torch.zeros(1))["loss"]
    loss.backward()
    assert set(gradients(modules)) == set(dict(modules.named_parameters()))


@pytest.mark.slow
def test_compiled_around_a_derivative_that_is_taken_inside_the_step_gives_the_same() -> None:
    plan, batch, scalars = quickstart(*BATCH_NORM), random_batch(), torch.tensor([0.0, 0.3])
    values, expected = trained_once(plan, batch, scalars)
    modules, step = built(plan)
    found = torch.compile(step, backend="aot_eager")(batch, scalars)
    found["loss"].backward()
    torch.testing.assert_close(found["loss"], values["loss"], rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(gradients(modules), expected, rtol=1e-3, atol=1e-4)


@pytest.mark.slow
def test_compiled_in_one_graph_the_step_gives_the_same() -> None:
    plan = without_term(quickstart(), "vat")
    batch, scalars = random_batch(), torch.zeros(1)
    values, expected = trained_once(plan, batch, scalars)
    modules, step = built(plan)
    compiled = torch.compile(step, fullgraph=True, backend="aot_eager")
    found = compiled(batch, scalars)
    found["loss"].backward()
    torch.testing.assert_close(found["loss"], values["loss"])
    torch.testing.assert_close(gradients(modules), expected, rtol=1e-5, atol=1e-6)


def without_term(plan: Plan, name: str) -> Plan:
    stage = plan.stages[0]
    terms = tuple(term for term in stage.terms if term.name != name)
    return plan.model_copy(update={"stages": (stage.model_copy(update={"terms": terms}),)})


def test_terms_that_were_dropped_are_not_computed() -> None:
    plan = without_term(quickstart(), "vat")
    assert "virtual_adversarial" not in lower(plan, plan.stages[0], LIBRARY).source


def test_views_of_files_are_a_function_for_workers_and_the_step_reads_their_result() -> None:
    plan = quickstart()
    stage = plan.stages[0]
    nodes = tuple(
        n.model_copy(update={"placement": "host"}) if n.op == "random_shift" and n.draw.startswith("unlabeled") else n
        for n in stage.nodes
    )
    plan = plan.model_copy(update={"stages": (stage.model_copy(update={"nodes": nodes}),)})
    lowered = lower(plan, plan.stages[0], LIBRARY)
    assert lowered.hosts == {"unlabeled": "prepare_unlabeled"}
    assert "unlabeled.unlabeled_images" in lowered.reads and "unlabeled.image" not in lowered.reads
    batch, scalars = random_batch(), torch.tensor([0.0, 0.3])
    prepared = lowered.namespace()["prepare_unlabeled"](batch, scalars)
    values, _ = trained_once(plan, {**batch, **prepared}, scalars)
    expected, _ = trained_once(quickstart(), batch, scalars)
    torch.testing.assert_close(values, expected)


def test_scalars_stand_where_the_step_reads_them() -> None:
    plan = quickstart()
    assert Scalars(plan.stages[0], LIBRARY).at(50) == pytest.approx([0.5, 0.5])


def test_a_term_cannot_have_the_name_of_the_whole() -> None:
    plan = quickstart()
    stage = plan.stages[0]
    term = stage.terms[0].model_copy(update={"name": "loss", "place": stage.nodes[-1].places[0]})
    plan = plan.model_copy(update={"stages": (stage.model_copy(update={"terms": (term,)}),)})
    with pytest.raises(SpecError, match="cannot be called `loss`"):
        lower(plan, plan.stages[0], LIBRARY)


def test_a_stage_without_terms_is_refused() -> None:
    plan = with_stage(quickstart(), terms=())
    with pytest.raises(InternalError, match="no loss term"):
        lower(plan, plan.stages[0], LIBRARY)


def test_rows_of_a_forward_that_all_are_differentiated_are_cut_at_once() -> None:
    plan = quickstart(level=1, loss="ce(labeled) + entmin(unlabeled)")
    source = lower(plan, plan.stages[0], LIBRARY).source
    assert "logits_2, logits_3 = logits.split(8)" in source
    assert "logits[" not in source


def test_rows_that_are_cut_at_once_give_the_gradients_of_slices() -> None:
    loss = "ce(labeled) + entmin(unlabeled) + 0.5*mean([entropy(classes(encoder(all)))]) as both"
    apart, at_once = (quickstart(level=level, loss=loss) for level in (0, 1))
    batch, scalars = random_batch(), torch.zeros(1)
    for part, other in zip(trained_once(apart, batch, scalars), trained_once(at_once, batch, scalars), strict=True):
        torch.testing.assert_close(other, part, atol=1e-6, rtol=1e-5)
