"""TwoStageUC's specs and those of its baselines: every variant is a plan whose stages learn."""

from pathlib import Path

import pytest

from ssldsl import pipeline
from ssldsl.graph.plan import Plan
from ssldsl.passes.planning import make_plan
from ssldsl.source import Source
from ssldsl.syntax import tree

SPECS = Path(__file__).parents[2] / "specs"
NAMES = (
    *("tsuc_digits", "tsuc_mnist", "tsuc_cifar10", "tsuc_cifar20", "tsuc_stl10", "tsuc_semi_cifar10"),
    *("tsuc_semi_svhn", "iic_cifar10", "and_cifar10", "deepcluster_digits"),
)


def source(name: str) -> Source:
    path = SPECS / f"{name}.ssl"
    return Source(str(path), path.read_text(encoding="utf-8"))


def cases() -> list[tuple[str, str]]:
    """Every spec with each of its variants; as they are, all are smoked by the whole check."""
    files = {name: pipeline.compose(source(name)).file for name in NAMES}
    return [(n, s.name.id) for n, file in files.items() for s in file.statements if isinstance(s, tree.Variant)]


def planned(name: str, variant: str) -> Plan:
    return make_plan(pipeline.compose(source(name), variants=[variant]).unwrap(), sizes={})


@pytest.mark.parametrize(("name", "variant"), cases())
def test_every_variant_is_a_plan_whose_stages_learn(name: str, variant: str) -> None:
    stages = planned(name, variant).stages
    assert all(stage.terms for stage in stages)
