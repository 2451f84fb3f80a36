"""What every pass does to the graph of its spec, as text: `tests/passes/<pass>.ssl` becomes `tests/golden/<pass>.txt`.

`UPDATE_GOLDEN=1 python -m pytest tests/passes/test_golden.py` writes the text anew.
"""

import os
from itertools import takewhile
from pathlib import Path

import pytest
from dump_reader import parse_dump
from programs import context, graph, program

from ssldsl.graph.dump import dump
from ssldsl.graph.graph import Graph
from ssldsl.graph.verify import verify
from ssldsl.passes import PASSES, PassContext

HERE = Path(__file__).parent
GOLDEN = HERE.parent / "golden"
UPDATE = bool(os.environ.get("UPDATE_GOLDEN"))
RUNS = {step.name: step for step in PASSES}
SHOWN = [name for name in RUNS if (HERE / f"{name}.ssl").exists()]
IN_MEMORY = ("digits",)  # all other data are read from files


def before(name: str) -> tuple[Graph, PassContext]:
    """The graph of the spec of a pass as the pass finds it, and what the pass may know."""
    made = program((HERE / f"{name}.ssl").read_text(encoding="utf-8"), name=f"{name}.ssl")
    known = context(made, resident=IN_MEMORY)
    found = graph(made)
    for step in takewhile(lambda step: step.name != name, PASSES):
        found = step.run(found, known)
    return found, known


def missing() -> list[str]:
    """What a pass still lacks, in words: one line for each, with what to do."""
    specs = [
        f"write tests/passes/{name}.ssl, a small spec that shows what the pass does"
        for name in RUNS
        if name not in SHOWN
    ]
    golden = [
        f"write tests/golden/{name}.txt: UPDATE_GOLDEN=1 python -m pytest tests/passes/test_golden.py, then read it"
        for name in SHOWN
        if not UPDATE and not (GOLDEN / f"{name}.txt").exists()
    ]
    return specs + golden


def test_every_pass_has_a_spec_and_a_golden_file() -> None:
    assert not missing(), "\n".join(missing())


def test_every_spec_is_of_a_pass() -> None:
    assert {path.stem for path in HERE.glob("*.ssl")} <= set(RUNS)


@pytest.mark.parametrize("name", [name for name in SHOWN if UPDATE or (GOLDEN / f"{name}.txt").exists()])
def test_the_pass_does_what_its_golden_file_shows(name: str) -> None:
    found, known = before(name)
    after = RUNS[name].run(found, known)
    verify(after, known.signatures, name)
    text = f"--- before {name}\n{dump(found)}\n--- after {name}\n{dump(after)}"
    path = GOLDEN / f"{name}.txt"
    if UPDATE:
        path.write_text(text, encoding="utf-8")
    assert path.read_text(encoding="utf-8") == text


@pytest.mark.parametrize("name", SHOWN)
def test_the_pass_changes_the_graph_of_its_spec(name: str) -> None:
    found, known = before(name)
    assert dump(RUNS[name].run(found, known)) != dump(found)


@pytest.mark.parametrize("name", SHOWN)
def test_a_pass_leaves_its_input_as_it_was(name: str) -> None:
    found, known = before(name)
    text = dump(found)
    RUNS[name].run(found, known)
    assert dump(found) == text


@pytest.mark.parametrize("name", SHOWN)
def test_a_pass_run_twice_gives_what_it_gives_once(name: str) -> None:
    found, known = before(name)
    once = RUNS[name].run(found, known)
    assert dump(RUNS[name].run(once, known)) == dump(once)


@pytest.mark.parametrize("name", SHOWN)
def test_the_text_of_a_graph_reads_back_as_the_same_graph(name: str) -> None:
    found, known = before(name)
    for each in (found, RUNS[name].run(found, known)):
        assert dump(parse_dump(dump(each))) == dump(each)
