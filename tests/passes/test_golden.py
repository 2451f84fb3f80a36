"""What every pass does to its example, as text. `UPDATE_GOLDEN=1 pytest tests/passes` writes the files anew."""

import os
from pathlib import Path

import pytest
from small_graphs import EXAMPLES, example

from ssldsl.graph.dump import dump
from ssldsl.graph.dump_reader import parse_dump
from ssldsl.graph.verify import verify
from ssldsl.passes import PASSES

GOLDEN = Path(__file__).parents[1] / "golden"
RUNS = {step.name: step for step in PASSES}


def test_every_pass_has_an_example() -> None:
    assert set(RUNS) == set(EXAMPLES)


@pytest.mark.parametrize("name", RUNS)
def test_the_pass_does_what_its_golden_file_shows(name: str) -> None:
    graph, context = example(name)
    after = RUNS[name].run(graph, context)
    verify(after, context.signatures, name)
    text = f"--- before {name}\n{dump(graph)}\n--- after {name}\n{dump(after)}"
    path = GOLDEN / f"{name}.txt"
    if os.environ.get("UPDATE_GOLDEN"):
        path.write_text(text, encoding="utf-8")
    assert path.read_text(encoding="utf-8") == text


@pytest.mark.parametrize("name", RUNS)
def test_a_pass_leaves_its_input_as_it_was(name: str) -> None:
    graph, context = example(name)
    before = dump(graph)
    RUNS[name].run(graph, context)
    assert dump(graph) == before


@pytest.mark.parametrize("name", RUNS)
def test_a_pass_run_twice_gives_what_it_gives_once(name: str) -> None:
    graph, context = example(name)
    once = RUNS[name].run(graph, context)
    assert dump(RUNS[name].run(once, context)) == dump(once)


@pytest.mark.parametrize("name", RUNS)
def test_the_text_of_a_graph_reads_back_as_the_same_graph(name: str) -> None:
    graph, context = example(name)
    for each in (graph, RUNS[name].run(graph, context)):
        assert dump(parse_dump(dump(each))) == dump(each)
