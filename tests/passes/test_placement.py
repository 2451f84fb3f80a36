"""Where nodes are computed, what is recorded, what is gathered."""

import pytest
from attrs import evolve
from small_graphs import context, example, graph_of, one_stage
from stage_programs import Draft, s4l

from ssldsl.errors import InternalError
from ssldsl.graph.graph import Graph
from ssldsl.passes import run_passes
from ssldsl.passes.effects import effects
from ssldsl.passes.placement import placement


def places(graph: Graph, *ops: str) -> list[str]:
    return [graph.places[node] for node in graph.nodes if node.op in ops]


def test_views_of_files_run_in_workers_up_to_the_one_that_fixes_the_size() -> None:
    graph, known = example("placement")
    placed = placement(graph, known)
    assert places(placed, "draw", "random_crop", "shift") == ["host", "host", "step"]


def test_streams_in_memory_have_all_views_in_the_step() -> None:
    graph, known = example("placement")
    placed = placement(graph, evolve(known, resident=frozenset({"folder"})))
    assert places(placed, "draw", "random_crop", "shift") == ["step", "step", "step"]


def test_files_of_one_size_are_read_by_workers_and_viewed_in_the_step() -> None:
    made = s4l()
    placed = placement(graph_of(made), evolve(context(made), resident=frozenset()))
    assert places(placed, "draw") == ["host", "step", "host"]  # labeled image, labeled label, unlabeled image
    assert set(places(placed, "shift", "rotate4")) == {"step"}


def test_samples_without_a_common_size_reach_no_network() -> None:
    draft = Draft(open_sizes=True)
    made = one_stage(draft, {"entropy": draft.loss("entropy", logits=draft.logits(draft.shifted("unlabeled")))})
    with pytest.raises(InternalError, match="no common size"):
        placement(graph_of(made), evolve(context(made), resident=frozenset()))


def test_what_only_evaluations_read_is_evaluation() -> None:
    made = s4l()
    placed = placement(graph_of(made), context(made))
    assert set(places(placed, "whole", "accuracy")) == {"evaluation"}
    assert set(places(placed, "source", "split", "subset", "unlabel")) == {"data"}


def test_views_and_frozen_networks_are_not_recorded() -> None:
    draft = Draft()
    made = one_stage(draft, {"ce": draft.ce()}, train=("classes",))
    graph = run_passes(graph_of(made), context(made))
    names = {str(n.inputs[0].setting("name")): n in graph.no_grad for n in graph.nodes if n.op == "apply"}
    assert names == {"encoder": True, "classes": False}


def test_training_a_part_records_the_whole_network() -> None:
    draft = Draft()
    made = one_stage(draft, {"ce": draft.ce()}, train=("encoder.layer4",))
    graph = run_passes(graph_of(made), context(made))
    assert all(node not in graph.no_grad for node in graph.nodes if node.op == "apply")


def test_nothing_before_a_stop_is_recorded() -> None:
    graph, known = example("no_grad")
    marked = run_passes(graph, known)
    names = {str(n.inputs[0].setting("name")): n in marked.no_grad for n in marked.nodes if n.op == "apply"}
    assert names["teacher"] and not names["classes"]


def test_batches_that_an_op_gives_after_gathering_go_back_to_their_process() -> None:
    draft = Draft()
    logits = draft.logits(draft.shifted("unlabeled"))
    codes = draft.interner.node("codes", (logits,), type=logits.type, params=("logits",))
    made = one_stage(draft, {"ce": draft.loss("cross_entropy", logits=logits, labels=codes)})
    graph = run_passes(graph_of(made), context(made))
    loss = graph.terms[0].node
    local = loss.inputs[1]
    assert [local.op, local.inputs[0].op, local.inputs[0].inputs[0].op] == ["local", "codes", "gather"]
    assert loss.inputs[0].op == "apply"


def test_forwards_of_a_batch_normalised_network_are_one_chain() -> None:
    made = s4l(coupled=True, forward="separate")
    graph = effects(graph_of(made), context(made))
    assert [[n.op for n in chain] for chain in graph.effects] == [["apply"] * 4 + ["virtual_adversarial"]]


def test_networks_that_keep_rows_apart_have_no_effects() -> None:
    made = s4l()
    assert effects(graph_of(made), context(made)).effects == ()


def test_passes_can_be_watched_and_timed() -> None:
    made = s4l()
    seen: list[str] = []
    timings: dict[str, float] = {}
    run_passes(graph_of(made), context(made), dump=lambda name, graph: seen.append(name), timings=timings)
    assert seen[0] == "lowering" and seen[-1] == "placement"
    assert set(seen[1:]) | {"verify"} == set(timings)
