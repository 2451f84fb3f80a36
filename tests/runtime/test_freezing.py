"""What learns, when, and how far: frozen groups, limits of gradients, rates and momenta that change with time."""

from pathlib import Path

import pytest
import torch
from memory_specs import DAINO, LIBRARY, SUAVE, plan_of
from test_memories import QUIET, final, largest_difference, stage_parts
from test_resume import outcome, stopped
from torch import nn

from ssldsl.check import check
from ssldsl.errors import SpecError
from ssldsl.graph.plan import Plan
from ssldsl.passes.planning import make_plan
from ssldsl.runtime.nets.build import build_modules
from ssldsl.runtime.ops.scalars import Scalars
from ssldsl.runtime.run import run
from ssldsl.runtime.train.loop import take_step
from ssldsl.runtime.train.optimizer import make_optimizer, prepare_gradients
from ssldsl.source import Source

FROZEN = SUAVE + "\ngroups = {{protos: {{freeze: 3it}}}}\n"


def test_a_frozen_group_keeps_its_values_without_decay_and_momentum() -> None:
    plan = plan_of(FROZEN.replace("momentum=0.9", "momentum=0.9, weight_decay=0.1"))
    made = stage_parts(plan)
    head = made.state.modules["protos"].map.weight
    for module in made.begins:
        module()
    before = head.detach().clone()
    for step in range(3):
        take_step(made, step)
        torch.testing.assert_close(head.detach(), before)
        assert head not in made.state.optimizers[""].state
    take_step(made, 3)
    assert (head.detach() - before).abs().max() > 1e-4


def test_the_rest_learns_as_if_what_is_frozen_were_not_trained(tmp_path: Path) -> None:
    frozen = final(plan_of(SUAVE + "\ngroups = {{protos: {{freeze: 99it}}}}\nclip = 0.1\n"), tmp_path / "frozen")
    fixed = final(plan_of(SUAVE + "\ntrain encoder, trunk\nclip = 0.1\n"), tmp_path / "fixed")
    assert largest_difference(frozen, fixed) < 1e-6


def test_stopped_while_a_group_is_frozen_goes_on_to_the_bit(tmp_path: Path) -> None:
    run(plan_of(FROZEN), tmp_path / "whole", LIBRARY, QUIET)
    stopped(plan_of(FROZEN), tmp_path / "stopped", 2, 3)
    assert outcome(tmp_path / "stopped") == outcome(tmp_path / "whole")


def learning(*gradients: list[float]) -> torch.optim.SGD:
    """An optimizer of parameters with these gradients, each in a group of its own."""
    groups = []
    for values in gradients:
        parameter = nn.Parameter(torch.zeros(len(values)))
        parameter.grad = torch.tensor(values)
        groups.append({"params": [parameter]})
    return torch.optim.SGD(groups, lr=1.0)


def found(optimizer: torch.optim.Optimizer) -> list[list[float] | None]:
    parameters = [group["params"][0] for group in optimizer.param_groups]
    return [None if p.grad is None else p.grad.tolist() for p in parameters]


def test_each_tensor_is_limited_by_itself() -> None:
    optimizer = learning([6.0, 8.0], [0.3, 0.4])
    prepare_gradients(optimizer, 3.0, 0)
    assert found(optimizer) == [pytest.approx([1.8, 2.4], rel=1e-5), pytest.approx([0.3, 0.4])]


def test_a_group_is_frozen_for_whole_steps() -> None:
    for step, is_frozen in ((0, True), (4, True), (5, False)):
        optimizer = learning([1.0], [2.0])
        optimizer.param_groups[0]["freeze"] = 4.5
        prepare_gradients(optimizer, None, step)
        assert found(optimizer) == [None if is_frozen else [1.0], [2.0]]


def test_a_limit_for_every_tensor_is_another_run_than_one_for_all(tmp_path: Path) -> None:
    each, all_, none = (
        final(plan_of(SUAVE + f"\n{clip}\n", steps=2), tmp_path / str(i))
        for i, clip in enumerate(("clip = per_tensor(0.05)", "clip = 0.05", ""))
    )
    assert largest_difference(each, all_) > 1e-4 and largest_difference(each, none) > 1e-4


def rates(spec: str, steps: int, *names: str) -> list[list[float]]:
    """Settings of the optimizer's first group in every step."""
    stage = plan_of(spec, steps=steps).stages[0]
    scalars = Scalars(stage, LIBRARY)
    parameters = [{"path": "encoder", "names": ["weight"], "params": [nn.Parameter(torch.zeros(2, 2))]}]
    optimizer, setter = make_optimizer(stage, parameters, scalars, LIBRARY)
    seen = []
    for step in range(steps):
        setter.set(scalars.at(step))
        seen.append([optimizer.param_groups[0][name] for name in names])
    return seen


def test_a_cosine_of_the_weight_decay_has_the_worked_values() -> None:
    spec = DAINO.replace("0.04 + 0.36 * (1 - cosine())", "0.4 - 0.36 * cosine()")
    expected = [0.04, 0.053702, 0.092721, 0.151117, 0.22, 0.288883, 0.347279, 0.386298]
    assert [decay for (decay,) in rates(spec, 8, "weight_decay")] == pytest.approx(expected, abs=1e-6)


def test_momentum_and_betas_may_change_with_time() -> None:
    spec = SUAVE.replace("momentum=0.9", "momentum=0.9 * linear_ramp(2it)")
    assert [momentum for (momentum,) in rates(spec, 4, "momentum")] == pytest.approx([0.0, 0.45, 0.9, 0.9])
    spec = DAINO.replace("lr=0.01", "lr=0.01, beta1=0.9 * linear_ramp(2it)")
    assert [betas[0] for (betas,) in rates(spec, 4, "betas")] == pytest.approx([0.0, 0.45, 0.9, 0.9])
    assert [betas[1] for (betas,) in rates(spec, 4, "betas")] == [0.999] * 4


def test_a_group_has_moments_of_its_own() -> None:
    spec = DAINO + "\ngroups = {{encoder: {{beta2: 0.5, epsilon: 0.1}}}}\n"
    assert rates(spec, 1, "betas", "eps") == [[(0.9, 0.5), 0.1]]


MOVING = """ssl 1
data   images    = digits()
stream labeled   = images.train.subset(64, seed=0)
net    encoder   = convnet(width=8, norm="batch")
head   classes   = linear(encoder.dim, images.classes)
loss   = ce(labeled)
batch  = {labeled: 16}
run    = 3it
"""


def moving(said: str) -> Plan:
    return make_plan(check(Source("moving.ssl", MOVING + said)).unwrap(), sizes={})


@pytest.mark.parametrize(("said", "moves"), [("groups = {encoder: {freeze: 100%}}", True), ("train classes", False)])
def test_fixed_weights_move_their_statistics_where_the_network_is_trained(
    tmp_path: Path, said: str, moves: bool
) -> None:
    plan = moving(said)
    before = build_modules(plan, {"labeled.image": (1, 8, 8)}, LIBRARY).state_dict()
    after = final(plan, tmp_path / "run")
    for name, tensor in before.items():
        is_statistic = name.endswith(("running_mean", "running_var", "num_batches_tracked"))
        learns = name.startswith("classes.") or (is_statistic and moves)
        assert torch.equal(after[f"weights/{name}"], tensor) != learns, name


def test_a_part_of_a_part_learns_alone(tmp_path: Path) -> None:
    plan = moving("train encoder.blocks.0, classes")
    before = build_modules(plan, {"labeled.image": (1, 8, 8)}, LIBRARY).state_dict()
    after = final(plan, tmp_path / "run")
    changed = {
        name.rsplit(".", 2)[0] for name, tensor in before.items() if not torch.equal(after[f"weights/{name}"], tensor)
    }
    assert changed == {"encoder.blocks.0", "classes"}


def test_a_part_that_a_network_turns_out_not_to_have_is_told_before_the_first_step(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match="has no part `9`") as refused:
        run(moving("train encoder.blocks.9, classes"), tmp_path / "run", LIBRARY, QUIET)
    (told,) = refused.value.diagnostics
    assert (told.code, told.span and told.span.text) == ("R423", "encoder.blocks.9")
