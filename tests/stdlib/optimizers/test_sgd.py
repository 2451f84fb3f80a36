import pytest
from parameter_groups import group_of, normalized, one, stepped
from torch import nn

from ssldsl.ops.parameters import excluded_names
from ssldsl.stdlib.optimizers.sgd import sgd


def test_momentum_gathers_gradients_and_decay_is_part_of_them() -> None:
    parameter, groups = one(1.0)
    # g = 2 + .1*1 = 2.1, v = 2.1, x = .79; g = 1 + .079 = 1.079, v = .9*2.1 + 1.079 = 2.969, x = .79 - .2969
    found = stepped(sgd(groups, lr=0.1, momentum=0.9, weight_decay=0.1), parameter, [2.0, 1.0])
    assert found == pytest.approx(0.4931)


def test_nesterov_looks_ahead() -> None:
    parameter, groups = one(0.0)
    # v = 1, x = -.1*(1 + .9); v = 1.9, x -= .1*(1 + .9*1.9)
    assert stepped(sgd(groups, lr=0.1, momentum=0.9, nesterov=True), parameter, [1.0, 1.0]) == pytest.approx(-0.461)


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


def test_an_unknown_exclusion_is_refused() -> None:
    with pytest.raises(ValueError, match=r"can leave out `bias` and `norm`, not \['embedding'\]"):
        sgd([group_of(nn.Linear(2, 2))], lr=0.1, exclude=["embedding"])  # type: ignore[list-item]
