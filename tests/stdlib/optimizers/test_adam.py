import pytest
from parameter_groups import group_of, one, stepped
from torch import nn

from ssldsl.stdlib.optimizers.adam import adam


def test_the_first_step_has_the_length_of_the_learning_rate() -> None:
    parameter, groups = one(0.0)
    assert stepped(adam(groups, lr=0.01), parameter, [123.0]) == pytest.approx(-0.01)


def test_weights_shrink_within_the_gradient() -> None:
    parameter, groups = one(2.0)
    assert stepped(adam(groups, lr=0.1, weight_decay=0.5), parameter, [0.0]) == pytest.approx(1.9)


def test_settings_of_a_group_win() -> None:
    module = nn.Linear(2, 2)
    groups = adam([group_of(module, lr=0.5, weight_decay=0.2)], lr=0.1, weight_decay=0.3).param_groups
    assert [(g["lr"], g["weight_decay"]) for g in groups] == [(0.5, 0.2)]
