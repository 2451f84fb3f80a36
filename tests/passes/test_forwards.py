"""How often a training step runs each network."""

import pytest
from attrs import evolve
from small_graphs import context, graph_of, one_stage
from stage_programs import Draft, s4l, signature

from ssldsl.ir.program import Program
from ssldsl.passes import forward_rows, forwards, run_passes


def encoder_runs(made: Program, level: int = 1) -> int:
    graph = run_passes(graph_of(made), context(made), level=level)
    return forwards(graph, made.signatures)["encoder"]


def encoder_rows(made: Program) -> int:
    rows = forward_rows(run_passes(graph_of(made), context(made)), made.signatures)["encoder"]
    return int(str(rows.substitute({"B_labeled": 50, "B_unlabeled": 100})))


def test_s4l_runs_one_merged_forward_and_two_inside_vat() -> None:
    assert encoder_runs(s4l()) == 1 + 2


def test_s4l_runs_the_encoder_on_rotated_images_and_inside_vat_and_on_no_other_row() -> None:
    made = s4l()
    graph = run_passes(graph_of(made), context(made))
    rows = forward_rows(graph, made.signatures)
    # 4 copies of both streams; their first copies serve ce, vat and entmin; vat runs 2 more on its stream
    assert str(rows["encoder"].substitute({"B_labeled": 50, "B_unlabeled": 100})) == str(4 * 150 + 2 * 100)
    assert str(rows["rotation.angles"].substitute({"B_labeled": 50, "B_unlabeled": 100})) == str(4 * 150)
    assert str(rows["classes"].substitute({"B_labeled": 50, "B_unlabeled": 100})) == str(150 + 2 * 100)


def test_heads_run_once_each() -> None:
    made = s4l()
    counts = forwards(run_passes(graph_of(made), context(made)), made.signatures)
    assert counts == {"encoder": 3, "classes": 1 + 2, "rotation.angles": 1}


def test_a_batch_normalised_encoder_runs_once_under_concat() -> None:
    assert encoder_runs(s4l(coupled=True)) == 1 + 2


def test_a_batch_normalised_encoder_runs_once_under_concat_without_optimisation_too() -> None:
    assert encoder_runs(s4l(coupled=True), level=0) == 1 + 2


def test_a_batch_normalised_encoder_runs_once_for_every_distinct_input_under_separate() -> None:
    # labeled, rotated labeled, rotated unlabeled, unlabeled
    assert encoder_runs(s4l(coupled=True, forward="separate")) == 4 + 2


def test_without_optimisation_every_distinct_input_is_a_forward() -> None:
    assert encoder_runs(s4l(), level=0) == 4 + 2


def test_batch_normalised_encoders_see_every_row_that_the_spec_sends_them() -> None:
    made = s4l(coupled=True)
    rows = forward_rows(run_passes(graph_of(made), context(made)), made.signatures)["encoder"]
    assert str(rows.substitute({"B_labeled": 50, "B_unlabeled": 100})) == str(5 * 150 + 2 * 100)


def test_a_target_is_computed_apart_from_what_is_differentiated() -> None:
    draft = Draft()
    target = draft.stop(draft.logits(draft.shifted("unlabeled")))
    logits = draft.logits(draft.shifted("labeled"))
    made = one_stage(
        draft,
        {"a": draft.loss("entropy", logits=logits), "b": draft.loss("cross_entropy", logits=logits, labels=target)},
    )
    graph = run_passes(graph_of(made), context(made))
    recorded = [node in graph.no_grad for node in graph.nodes if node.op == "apply" and node.alias == ""]
    assert sorted(recorded) == [False, False, True, True]


def test_forwards_that_need_one_another_stay_apart() -> None:
    draft = Draft()
    first = draft.apply("loop", draft.shifted("labeled"))
    second = draft.apply("loop", first)
    made = one_stage(draft, {"a": draft.loss("entropy", logits=first), "b": draft.loss("entropy", logits=second)})
    assert forwards(run_passes(graph_of(made), context(made)), made.signatures)["loop"] == 2


def test_crossed_forwards_do_not_close_a_circle() -> None:
    draft = Draft()
    images, other = draft.shifted("labeled"), draft.shifted("unlabeled")
    ab = draft.apply("b", draft.apply("a", images))
    ba = draft.apply("a", draft.apply("b", other))
    made = one_stage(draft, {"ab": draft.loss("entropy", logits=ab), "ba": draft.loss("entropy", logits=ba)})
    run_passes(graph_of(made), context(made))  # the verifier would refuse a circle


def test_inputs_of_different_shapes_are_not_one_forward() -> None:
    draft = Draft()
    values = [draft.apply("encoder", draft.shifted("labeled")), draft.apply("classes", draft.shifted("unlabeled"))]
    both = [draft.apply("head", value) for value in values]
    made = one_stage(draft, {f"t{i}": draft.loss("entropy", logits=value) for i, value in enumerate(both)})
    assert forwards(run_passes(graph_of(made), context(made)), made.signatures)["head"] == 2


@pytest.mark.parametrize(("iterations", "hidden"), [(1, 2), (3, 4)])
def test_an_op_that_runs_networks_says_how_often(iterations: int, hidden: int) -> None:
    draft = Draft()
    images, net = draft.shifted("unlabeled"), draft.net("encoder")
    node = draft.interner.node(
        "virtual_adversarial", (net, images, draft.apply("encoder", images)), type=draft.vat().type, live=net.live,
        params=("net", "images", "logits"), settings=(("iterations", iterations),), draw="v",
        rows=draft.rows("unlabeled"),
    )  # fmt: skip
    made = one_stage(draft, {"vat": node})
    assert forwards(graph_of(made), made.signatures)["encoder"] == 1 + hidden


def test_networks_that_draw_random_numbers_share_no_rows() -> None:
    made = s4l()
    made.signatures["convnet"] = signature("convnet", "nets", "images:Images", "width norm", rng=True)
    assert encoder_runs(made) == 4 + 2


def test_networks_that_drop_units_share_no_rows_where_they_do_drop() -> None:
    made = s4l()
    made.signatures["convnet"] = signature("convnet", "nets", "images:Images", "width norm", random=True)
    assert encoder_rows(made) == 5 * 150 + 2 * 100 and encoder_runs(made) == 1 + 2  # one forward, each row drawn anew
    made.signatures["convnet"] = signature("convnet", "nets", "images:Images", "width norm drop", random="drop")
    assert encoder_rows(made) == 4 * 150 + 2 * 100
    modules = (evolve(m, settings=(*m.settings, ("drop", 0.1))) if m.path == "encoder" else m for m in made.modules)
    assert encoder_rows(evolve(made, modules=tuple(modules))) == 5 * 150 + 2 * 100
