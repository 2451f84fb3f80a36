from typing import Any

import pytest
import torch
from torch import nn

from ssldsl.ops.parameters import excluded_names
from ssldsl.stdlib.heads.dino_head import DinoHead
from ssldsl.stdlib.nets.vit_small import VitSmall
from ssldsl.stdlib.optimizers.adam import adam
from ssldsl.stdlib.optimizers.adamw import adamw
from ssldsl.stdlib.optimizers.sgd import sgd


def group_of(module: nn.Module, **settings: Any) -> dict[str, Any]:
    names, parameters = zip(*module.named_parameters(), strict=True)
    return {"names": list(names), "params": list(parameters), **settings}


def normalized() -> nn.Module:
    return nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.Flatten(), nn.Linear(4, 2))


def one(value: float) -> tuple[nn.Parameter, list[dict[str, Any]]]:
    parameter = nn.Parameter(torch.tensor([value], dtype=torch.float64))
    return parameter, [{"names": ["weight"], "params": [parameter]}]


def stepped(optimizer: torch.optim.Optimizer, parameter: nn.Parameter, gradients: list[float]) -> float:
    for gradient in gradients:
        parameter.grad = torch.full_like(parameter, gradient)
        optimizer.step()
    return parameter.item()


def test_momentum_gathers_gradients_and_decay_is_part_of_them() -> None:
    parameter, groups = one(1.0)
    # g = 2 + .1*1 = 2.1, v = 2.1, x = .79; g = 1 + .079 = 1.079, v = .9*2.1 + 1.079 = 2.969, x = .79 - .2969
    found = stepped(sgd(groups, lr=0.1, momentum=0.9, weight_decay=0.1), parameter, [2.0, 1.0])
    assert found == pytest.approx(0.4931)


def test_nesterov_looks_ahead() -> None:
    parameter, groups = one(0.0)
    # v = 1, x = -.1*(1 + .9); v = 1.9, x -= .1*(1 + .9*1.9)
    assert stepped(sgd(groups, lr=0.1, momentum=0.9, nesterov=True), parameter, [1.0, 1.0]) == pytest.approx(-0.461)


@pytest.mark.parametrize("optimizer", [adam, adamw])
def test_the_first_step_of_adam_has_the_length_of_the_learning_rate(optimizer: Any) -> None:
    parameter, groups = one(0.0)
    assert stepped(optimizer(groups, lr=0.01), parameter, [123.0]) == pytest.approx(-0.01)


def test_adamw_shrinks_weights_beside_the_gradient_and_adam_within() -> None:
    a, groups_a = one(2.0)
    b, groups_b = one(2.0)
    assert stepped(adamw(groups_a, lr=0.1, weight_decay=0.5), a, [0.0]) == pytest.approx(2.0 * (1 - 0.05))
    assert stepped(adam(groups_b, lr=0.1, weight_decay=0.5), b, [0.0]) == pytest.approx(1.9)


@pytest.mark.parametrize(
    ("exclude", "expected"),
    [([], set()), (["bias"], {"0.bias", "1.bias", "3.bias"}), (["norm"], {"1.weight", "1.bias"})],
)
def test_what_decay_leaves_out(exclude: list[str], expected: set[str]) -> None:
    assert excluded_names(group_of(normalized()), exclude) == expected


def test_excluded_parameters_are_a_group_without_decay_that_no_schedule_touches() -> None:
    groups = sgd([group_of(normalized())], lr=0.1, weight_decay=0.3, exclude=["bias", "norm"]).param_groups
    assert [(g["weight_decay"], g.get("fixed")) for g in groups] == [(0.3, None), (0.0, ["weight_decay"])]
    assert [g["names"] for g in groups] == [["0.weight", "3.weight"], ["0.bias", "1.weight", "1.bias", "3.bias"]]


def test_settings_of_a_group_win() -> None:
    module = nn.Linear(2, 2)
    groups = adam([group_of(module, lr=0.5, weight_decay=0.2)], lr=0.1, weight_decay=0.3).param_groups
    assert [(g["lr"], g["weight_decay"]) for g in groups] == [(0.5, 0.2)]


def test_an_unknown_exclusion_is_refused() -> None:
    with pytest.raises(ValueError, match=r"can leave out `bias` and `norm`, not \['embedding'\]"):
        sgd([group_of(nn.Linear(2, 2))], lr=0.1, exclude=["embedding"])  # type: ignore[list-item]


def test_of_dinos_network_all_but_biases_and_scales_decays_positions_and_lengths_too() -> None:
    with torch.device("meta"):
        net = nn.ModuleDict({"encoder": VitSmall(3), "clusters": DinoHead(384, 1000, learned_lengths=True)})
    kept = set(dict(net.named_parameters())) - excluded_names(group_of(net), ["bias", "norm"])
    # the released code leaves out what is called bias and what has one dimension
    assert kept == {n for n, p in net.named_parameters() if not n.endswith(".bias") and p.ndim > 1}
    assert {"encoder.cls_token", "encoder.pos_embed", "clusters.last.weight_g"} <= kept
