"""Data are made of what a memory held when a stage ended, to the bit, and that of the round before in every round."""

from pathlib import Path

import pytest
import torch
from derived_specs import BANKS, plan_of
from experiments import LIBRARY
from safetensors.torch import load_file

from ssldsl.graph.plan import Plan
from ssldsl.graph.stages import stages_graph
from ssldsl.runtime.folder.stage_end import final_memories
from ssldsl.runtime.run import Options, overridden, run
from ssldsl.stdlib.targets.entropy_neighbors import entropy_neighbors

QUIET = Options(is_progress_shown=False)


@pytest.fixture(scope="module", params=["fp32", "fp64"])
def plan(request: pytest.FixtureRequest) -> Plan:
    return overridden(plan_of(BANKS), precision=request.param)


@pytest.fixture(scope="module")
def folder(plan: Plan, tmp_path_factory: pytest.TempPathFactory) -> Path:
    found = tmp_path_factory.mktemp("run")
    assert run(plan, found / "run", LIBRARY, QUIET).status == "finished"
    return found / "run"


def neighbors(folder: Path) -> list[list[int]]:
    """The neighbors that the rounds found, in no order."""
    return sorted(load_file(path)["field.neighbor"].tolist() for path in (folder / "derived").iterdir())


def test_the_neighbors_of_a_round_are_those_of_the_bank_of_the_stage_before(folder: Path) -> None:
    banks = [final_memories(folder, stage)["past/bank.rows"] for stage in ("embed", "discover.0")]
    expected = [entropy_neighbors(rows, anchors=0.5).neighbors.tolist() for rows in banks]
    assert neighbors(folder) == sorted(expected)


def test_stopped_in_a_round_and_resumed_they_are_the_same(folder: Path, plan: Plan, tmp_path: Path) -> None:
    run(plan, tmp_path / "run", LIBRARY, Options(is_progress_shown=False, stop_after=10))
    run(plan, tmp_path / "run", LIBRARY, QUIET, resume=True)
    assert neighbors(folder) == neighbors(tmp_path / "run")
    last = final_memories(tmp_path / "run", "discover.1")["past/bank.rows"]
    assert torch.equal(last, final_memories(folder, "discover.1")["past/bank.rows"])


def test_a_stage_waits_for_the_one_whose_memory_it_reads() -> None:
    found = stages_graph(plan_of(BANKS))
    assert {(a, b) for a, b, kind in found.edges(data="kind") if kind == "data"} == {
        ("embed", "discover.0"),
        ("discover.0", "discover.1"),
    }
