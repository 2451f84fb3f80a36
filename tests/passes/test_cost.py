"""The passes cost time in proportion to the graph."""

from collections.abc import Callable
from cProfile import Profile

import pytest
from small_graphs import context, graph_of, one_stage
from stage_programs import Draft

from ssldsl.ir.program import Program
from ssldsl.passes import forwards, run_passes


def wide(count: int) -> Program:
    """As many terms as asked for, each with heads of its own on one encoder."""
    draft = Draft()
    features = [draft.apply("encoder", draft.shifted(stream)) for stream in ("labeled", "unlabeled")]
    heads = [draft.apply(f"head{i}", value) for i in range(count) for value in features]
    return one_stage(draft, {f"t{i}": draft.loss("entropy", logits=logits) for i, logits in enumerate(heads)})


def deep(count: int) -> Program:
    """A chain of as many networks as asked for."""
    draft = Draft()
    value = draft.apply("encoder", draft.shifted("labeled"))
    for i in range(count):
        value = draft.apply(f"head{i}", value)
    return one_stage(draft, {"t": draft.loss("entropy", logits=value)})


def calls(make: Callable[[int], Program], count: int) -> int:
    """Function calls that the passes make: the same on every machine."""
    made = make(count)
    graph, known = graph_of(made), context(made)
    profile = Profile()
    profile.runcall(run_passes, graph, known)
    return sum(entry.callcount for entry in profile.getstats())


@pytest.mark.parametrize("make", [wide, deep])
def test_twice_the_graph_is_twice_the_work(make: Callable[[int], Program]) -> None:
    assert calls(make, 200) == pytest.approx(2 * calls(make, 100), rel=0.1)


def test_forwards_of_a_wide_graph_are_merged_all_the_same() -> None:
    made = wide(100)
    counts = forwards(run_passes(graph_of(made), context(made)), made.signatures)
    assert set(counts.values()) == {1}


def test_a_very_deep_graph_is_no_trouble() -> None:
    made = deep(1100)  # deeper than Python's own stack
    run_passes(graph_of(made), context(made), level=0)
