"""`train` and `init` are edited like settings: what a stage trains, and what it takes over."""

import pytest

from ssldsl.check import check
from ssldsl.check.resolving import resolve
from ssldsl.ir.program import Stage
from ssldsl.source import Source
from ssldsl.syntax.parser import parse_edit

SPEC = """ssl 1
data   images  = cifar10()
stream labeled = images.train
net    encoder = resnet18(stem="cifar")
head   classes = linear(encoder.dim, images.classes)
stage pretrain {
  loss    = ce(labeled)
  run     = 5ep
  average = polyak(half_life=1ep)
}
stage finetune after pretrain {
  init encoder from pretrain
  train encoder, classes
  loss = ce(labeled)
  run  = 5ep
}
variant part (finetune) { set train = [encoder.layer4, classes] }
"""


def edited(*edits: str, text: str = SPEC) -> Stage:
    """The stage `finetune` under edits as of `--set` and `--drop`."""
    changes = [parse_edit(e.removeprefix("drop "), "drop" if e.startswith("drop ") else "set") for e in edits]
    checked = check(Source("spec.ssl", text), changes=changes)
    again = check(Source("resolved.ssl", resolve(checked)))
    stage = checked.unwrap().stages[-1]
    assert (again.unwrap().stages[-1].train, again.unwrap().stages[-1].init) == (stage.train, stage.init)
    return stage


@pytest.mark.parametrize(
    ("edit", "trained"),
    [
        ("finetune.train=[encoder.layer4, classes]", ("encoder.layer4", "classes")),
        ("finetune.train=classes", ("classes",)),
        ("drop finetune.train", ("encoder", "classes")),
    ],
)
def test_what_a_stage_trains_is_an_edit(edit: str, trained: tuple[str, ...]) -> None:
    assert edited(edit).train == trained


def test_a_variant_limits_what_a_stage_trains() -> None:
    stage = check(Source("spec.ssl", SPEC), variants=["part"]).unwrap().stages[-1]
    assert stage.train == ("encoder.layer4", "classes")


def test_another_origin_is_for_the_networks_that_are_named() -> None:
    (fresh, taken) = edited("finetune.init=pretrain.average").init
    assert fresh.is_afresh and fresh.modules == ("classes",)
    assert (taken.modules, taken.stage, taken.average) == (("encoder",), "pretrain", True)


def test_a_map_says_what_each_network_takes_over() -> None:
    found = edited("finetune.init={encoder: pretrain, classes: pretrain.average}").init
    assert [(i.modules, i.average) for i in found] == [(("encoder",), False), (("classes",), True)]


def test_a_stage_that_takes_nothing_over_can_be_told_to() -> None:
    text = SPEC.replace("  init encoder from pretrain\n", "")
    assert [i.modules for i in edited("finetune.init={encoder: pretrain}", text=text).init if i.stage] == [("encoder",)]
