"""The one way through a graph: inputs before users, in the order that a recursion would take."""

import pytest

from ssldsl.errors import InternalError
from ssldsl.ir.modules import owner
from ssldsl.ir.walk import walk

GRAPH = {"loss": ["mean", "net"], "mean": ["a", "b"], "a": ["net", "x"], "b": ["a", "x"], "net": [], "x": []}


def test_inputs_come_before_users_and_first_inputs_first() -> None:
    assert walk(["loss"], GRAPH.__getitem__) == ["net", "x", "a", "b", "mean", "loss"]


def test_what_two_roots_need_comes_once() -> None:
    assert walk(["b", "loss"], GRAPH.__getitem__) == ["net", "x", "a", "b", "mean", "loss"]


def test_a_circle_is_an_error_of_ours() -> None:
    with pytest.raises(InternalError, match="circle through"):
        walk(["a"], {"a": ["b"], "b": ["a"]}.__getitem__)


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("encoder", ("encoder", "")),
        ("encoder.layer4", ("encoder", "layer4")),
        ("rotation.angles", ("rotation.angles", "")),
        ("rotation.angles.weight", ("rotation.angles", "weight")),
        ("nobody.has.it", ("nobody.has.it", "")),
    ],
)
def test_a_path_lies_in_the_longest_module_that_it_begins_with(path: str, found: tuple[str, str]) -> None:
    assert owner(["encoder", "rotation", "rotation.angles"], path) == found
