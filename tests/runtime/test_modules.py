"""Modules: first weights are a function of seed and path, sizes are inferred, stages train what they say."""

from pathlib import Path

import pytest
import torch
from experiments import BATCH_NORM, FIELDS, LIBRARY, built, quickstart, random_batch, with_stage
from safetensors.torch import save_file

from ssldsl.errors import SpecError
from ssldsl.graph.plan import InitPlan, ModulePlan, Plan
from ssldsl.runtime.folder.weight_files import read_weights
from ssldsl.runtime.nets.build import build_modules
from ssldsl.runtime.nets.modules import find, module_key, set_trained, trained_parameters
from ssldsl.runtime.nets.shapes import output_shape
from ssldsl.runtime.step.module import make_step
from ssldsl.runtime.train.init_weights import initialize

SCALARS = torch.tensor([0.0, 0.3])


def with_modules(plan: Plan, *more: ModulePlan) -> Plan:
    return plan.model_copy(update={"modules": (*more, *plan.modules)})


def test_another_head_changes_no_other_weight() -> None:
    plan = quickstart()
    more = with_modules(plan, ModulePlan(path="extra", op="linear", kind="head", sizes={"dim": 5, "classes": 3}))
    few, many = (build_modules(p, FIELDS, LIBRARY).state_dict() for p in (plan, more))
    assert all(torch.equal(tensor, many[name]) for name, tensor in few.items())


def test_weights_depend_on_the_seed_and_on_nothing_else() -> None:
    torch.manual_seed(1)
    first = build_modules(quickstart(seed=3), FIELDS, LIBRARY).state_dict()
    torch.manual_seed(2)
    state = torch.get_rng_state()
    again = build_modules(quickstart(seed=3), FIELDS, LIBRARY).state_dict()
    assert torch.equal(state, torch.get_rng_state())
    other = build_modules(quickstart(seed=4), FIELDS, LIBRARY).state_dict()
    name = "classes.map.weight"
    assert torch.equal(first[name], again[name]) and not torch.equal(first[name], other[name])


def test_a_size_that_is_not_given_is_read_off_the_first_input() -> None:
    plan = quickstart()
    heads = [m.model_copy(update={"sizes": {"classes": 4}}) if m.path == "rotation.angles" else m for m in plan.modules]
    modules = build_modules(plan.model_copy(update={"modules": tuple(heads)}), FIELDS, LIBRARY)
    assert modules["rotation/angles"].map.weight.shape == (4, 32)


def test_a_size_that_nothing_tells_is_an_error() -> None:
    plan = with_modules(quickstart(), ModulePlan(path="unused", op="linear", kind="head", sizes={"classes": 3}))
    with pytest.raises(SpecError, match="sizes of `unused` cannot be told: dim"):
        build_modules(plan, FIELDS, LIBRARY)


@pytest.mark.parametrize("path", ["keys", "type", "training", "rotation.angles"])
def test_any_path_can_be_a_key(path: str) -> None:
    plan = with_modules(quickstart(), ModulePlan(path=path, op="linear", kind="head", sizes={"dim": 5, "classes": 3}))
    if path == "rotation.angles":
        plan = quickstart()
    modules = build_modules(plan, FIELDS, LIBRARY)
    assert find(modules, path) is modules[module_key(path)]


def test_a_part_of_a_module_is_found_and_a_wrong_one_named() -> None:
    modules = build_modules(quickstart(), FIELDS, LIBRARY)
    assert find(modules, "encoder.blocks.1") is modules["encoder"].blocks[1]
    with pytest.raises(SpecError, match="`encoder` has no part `layer4`"):
        find(modules, "encoder.layer4")


def test_output_shape_computes_nothing() -> None:
    assert output_shape(torch.nn.Conv2d(3, 7, 3), (2, 3, 10**5, 10**5)) == (2, 7, 10**5 - 2, 10**5 - 2)


def test_only_what_the_stage_trains_gets_gradients_and_moves_statistics() -> None:
    plan = with_stage(quickstart(*BATCH_NORM), train=("classes", "rotation.angles", "encoder.blocks.2"))
    modules, step = built(plan)
    statistics = {k: v.clone() for k, v in modules["encoder"].named_buffers()}
    step(random_batch(), SCALARS)["loss"].backward()
    trained = {name for name, p in modules.named_parameters() if p.grad is not None}
    assert {name.split(".")[0] for name in trained} == {"classes", "rotation/angles", "encoder"}
    assert all(name.startswith("encoder.blocks.2.") for name in trained if name.startswith("encoder"))
    moved = {k for k, v in modules["encoder"].named_buffers() if not torch.equal(v, statistics[k])}
    assert moved and all(name.startswith("blocks.2.") for name in moved)


def test_evaluation_mode_and_back_keeps_frozen_parts_frozen() -> None:
    plan = with_stage(quickstart(*BATCH_NORM), train=("classes", "rotation.angles"))
    modules, step = built(plan)
    step.eval()
    assert not any(module.training for module in modules.modules() if module is not modules)
    step.train()
    assert modules["classes"].training and not any(m.training for m in modules["encoder"].modules())


def test_groups_of_parameters_carry_names_and_the_path_of_their_settings() -> None:
    plan = with_stage(quickstart(), groups={"encoder": {"lr": 0.1}, "encoder.blocks.0": {"lr": 0.0}})
    modules, _ = built(plan)
    groups = trained_parameters(plan.stages[0], modules)
    assert [group["path"] for group in groups] == ["encoder.blocks.0", "encoder", "classes", "rotation.angles"]
    assert groups[2]["names"] == ["classes.map.weight", "classes.map.bias"]
    count = sum(len(group["params"]) for group in groups)
    assert count == len(list(modules.parameters())) == len({id(p) for g in groups for p in g["params"]})


def test_a_moving_average_is_a_copy_without_gradient_and_learns_its_statistics_in_training_mode() -> None:
    teacher = ModulePlan(path="teacher", op="convnet", kind="net", average_of="encoder", half_life=10.0)
    plan = with_modules(quickstart(*BATCH_NORM), teacher)
    modules, step = built(plan)
    pairs = zip(modules["teacher"].parameters(), modules["encoder"].parameters(), strict=True)
    assert all(torch.equal(a, b) and not a.requires_grad for a, b in pairs)
    step.eval()
    step.train()
    assert modules["teacher"].training


# Weights at the start of a stage


def initialized(plan: Plan, init: InitPlan, folder: Path, **saved: object) -> torch.nn.ModuleDict:
    modules = build_modules(plan, FIELDS, LIBRARY)
    set_trained(plan.stages[0], modules)
    stage = plan.stages[0].model_copy(update={"init": (init,)})
    initialize(
        plan, stage, modules, lambda stage, average: saved[f"{stage}_{average}"], fields=FIELDS, library=LIBRARY,
        folder=folder,
    )  # fmt: skip
    return modules


def test_weights_come_from_a_stage_or_from_its_average(tmp_path: Path) -> None:
    state = build_modules(quickstart(seed=7), FIELDS, LIBRARY).state_dict()
    average = {name: tensor * 0 + 1 for name, tensor in state.items()}
    saved = {"pre_False": state, "pre_True": average}
    plain = initialized(quickstart(), InitPlan(modules=("encoder",), stage="pre"), tmp_path, **saved)
    assert torch.equal(plain["encoder"].blocks[0][0].weight, state["encoder.blocks.0.0.weight"])
    assert not torch.equal(plain["classes"].map.weight, state["classes.map.weight"])
    averaged = initialized(
        quickstart(), InitPlan(modules=("rotation.angles",), stage="pre", average=True), tmp_path, **saved
    )
    assert (averaged["rotation/angles"].map.weight == 1).all()


def test_fresh_weights_differ_from_the_first_ones_and_are_reproducible(tmp_path: Path) -> None:
    first = build_modules(quickstart(), FIELDS, LIBRARY)
    one, two = (initialized(quickstart(), InitPlan(modules=("classes",)), tmp_path) for _ in range(2))
    assert torch.equal(one["classes"].map.weight, two["classes"].map.weight)
    assert not torch.equal(one["classes"].map.weight, first["classes"].map.weight)


@pytest.mark.parametrize("prefix", ["", "encoder.", "module."])
@pytest.mark.parametrize("suffix", ["safetensors", "pt"])
def test_weights_come_from_a_file_with_or_without_a_prefix(tmp_path: Path, prefix: str, suffix: str) -> None:
    state = build_modules(quickstart(seed=7), FIELDS, LIBRARY)["encoder"].state_dict()
    named = {prefix + name: tensor for name, tensor in state.items()} | {"fc.weight": torch.zeros(3)}
    file = tmp_path / f"weights.{suffix}"
    if suffix == "pt":
        torch.save({"state_dict": named, "epoch": 3}, file)
    else:
        save_file(named, file)
    modules = initialized(quickstart(), InitPlan(modules=("encoder",), file=file.name), tmp_path)
    assert all(torch.equal(tensor, state[name]) for name, tensor in modules["encoder"].state_dict().items())


def test_weights_that_do_not_fit_are_refused_with_names_and_shapes(tmp_path: Path) -> None:
    save_file({"map.weight": torch.zeros(3, 32), "other": torch.zeros(1)}, tmp_path / "head.safetensors")
    place = quickstart().stages[0].nodes[-1].places[-1]
    with pytest.raises(SpecError) as caught:
        initialized(quickstart(), InitPlan(modules=("classes",), file="head.safetensors", place=place), tmp_path)
    text = str(caught.value)
    assert "error[R422]: the weights of `head.safetensors` do not fit `classes`" in text
    assert "quickstart.ssl:9:" in text and "missing: map.bias" in text
    assert "`map.weight` is [3, 32] there and [10, 32] here" in text


class Bomb:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return Path.touch, ("exploded",)


def test_a_file_with_code_in_it_is_not_run(tmp_path: Path) -> None:
    torch.save({"weight": Bomb()}, tmp_path / "bomb.pt")
    with pytest.raises(SpecError, match="Python objects besides tensors"):
        read_weights(tmp_path / "bomb.pt")
    assert not Path("exploded").exists()


def test_a_missing_and_a_broken_file_are_named(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match="there is no such file"):
        read_weights(tmp_path / "none.safetensors")
    (tmp_path / "broken.safetensors").write_bytes(b"not weights")
    with pytest.raises(SpecError, match=r"broken.safetensors cannot be read"):
        read_weights(tmp_path / "broken.safetensors")


def test_a_moving_average_starts_again_as_a_copy_when_its_network_gets_new_weights(tmp_path: Path) -> None:
    teacher = ModulePlan(path="teacher", op="convnet", kind="net", average_of="encoder", half_life=10.0)
    plan = with_modules(quickstart(), teacher)
    state = build_modules(with_modules(quickstart(seed=7), teacher), FIELDS, LIBRARY).state_dict()
    modules = initialized(plan, InitPlan(modules=("encoder",), stage="pre"), tmp_path, pre_False=state)
    assert torch.equal(modules["teacher"].blocks[0][0].weight, state["encoder.blocks.0.0.weight"])


def test_step_of_another_stage_shares_the_modules() -> None:
    plan = quickstart()
    modules = build_modules(plan, FIELDS, LIBRARY)
    steps = [make_step(plan, plan.stages[0], modules, LIBRARY) for _ in range(2)]
    assert steps[0].encoder is steps[1].encoder is modules["encoder"]
