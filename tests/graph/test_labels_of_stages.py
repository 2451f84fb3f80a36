"""Data that a stage makes with an earlier one's network, in identities, differences and drawings."""

from textwrap import dedent

import pytest
from dump_reader import parse_dump

from ssldsl.check import check
from ssldsl.comparing.canonical import identity
from ssldsl.comparing.diff import diff
from ssldsl.drawing.composing import picture_of
from ssldsl.graph.dump import dump
from ssldsl.graph.graph import stage_graph
from ssldsl.graph.stages import stages_graph
from ssldsl.ir.modules import couples_batch
from ssldsl.ir.program import Program
from ssldsl.passes.planning import make_plan
from ssldsl.runtime.data.measure import assumed
from ssldsl.source import Source

SPEC = """
ssl 1
data   images    = digits()
stream labeled   = images.train.subset(200, seed=0)
stream unlabeled = unlabel(images.train)
net    encoder   = convnet(width=8, norm="batch")
head   classes   = linear(encoder.dim, images.classes)
net    clf       = encoder >> classes
stage joint {
  loss    = ce(labeled)
  run     = 10it
  average = polyak(half_life=5it)
}
stage other {
  loss    = ce(labeled)
  run     = 20it
}
stage retrain after joint, other {
  stream pseudo = unlabeled.pseudo_label(joint.average.clf(images.train), labeled=labeled)
  loss = ce(pseudo)
  run  = 5it
}
"""


def program(*changes: tuple[str, str], text: str = SPEC) -> Program:
    for before, after in changes:
        assert before in text
        text = text.replace(before, after)
    return check(Source("spec.ssl", dedent(text))).unwrap()


def entries(*changes: tuple[str, str]) -> list[tuple[str, str, str, str]]:
    return [(e.kind, e.path, e.before, e.after) for e in diff(program(), program(*changes)).entries]


def test_another_name_of_the_stage_is_the_same_experiment() -> None:
    renamed = program(("joint", "first"))
    assert identity(renamed) == identity(program())
    assert {e.kind for e in diff(program(), renamed).entries} == {"cosmetic"}


@pytest.mark.parametrize(
    "change",
    [("joint.average.clf", "joint.clf"), ("joint.average.clf", "other.clf"), (", labeled=labeled", "")],
    ids=lambda change: change[1],
)
def test_other_labels_are_another_experiment(change: tuple[str, str]) -> None:
    assert identity(program(change)) != identity(program())


def test_a_difference_names_whose_weights_label() -> None:
    found = entries(("joint.average.clf", "joint.clf"))
    assert {kind for kind, *_ in found} == {"semantic"}
    assert all("joint.average." in before and "joint." in after for _, _, before, after in found)
    assert not any("average" in after for *_, after in found)


def test_a_difference_of_confidence_is_one_line() -> None:
    (found,) = entries((", labeled=labeled", ", labeled=labeled, threshold=0.5"))
    assert found == ("semantic", "stream.pseudo.pseudo_label.threshold", "0.0", "0.5")


def test_stages_are_linked_by_what_one_makes_of_the_others_data() -> None:
    made = program()
    network = stages_graph(make_plan(made, sizes=assumed(made).sizes))
    kinds = {(a, b, data["kind"]) for a, b, data in network.edges(data=True)}
    assert ("joint", "retrain", "data") in kinds and ("other", "retrain", "data") not in kinds


def test_the_drawing_says_who_labels_what() -> None:
    picture = picture_of(program())
    links = {(link.source, link.target): link.text for link in picture.links}
    assert links["joint", "retrain"] == "pseudo labeled by the average of joint"
    assert links["other", "retrain"] == ""
    (box,) = [b for b in picture.boxes if b.id == "retrain/stream:pseudo"]
    assert "digits.train.unlabel.pseudo_label(the average of joint)" in box.lines


def test_networks_of_earlier_stages_have_no_box() -> None:
    boxes = {
        b.id
        for b in picture_of(
            program(
                ("joint.average.clf(images.train)", "average_views(joint.clf(images.train >> rotate4()), n_views=4)")
            )
        ).boxes
    }
    assert not any(id.startswith("retrain/") and ("rotate4" in id or "average_views" in id) for id in boxes)


def test_the_step_has_nothing_to_do_with_how_its_data_came_about() -> None:
    whole = program()
    graph = stage_graph(whole, whole.stages[-1])
    assert not any(n.setting("stage") or n.op == "full_dataset" for n in graph.trained_nodes)


def test_batch_normalization_that_labels_couples_no_batch() -> None:
    own = (
        "  net  small = convnet(width=4)\n  head out   = linear(small.dim, 10)\n  loss = ce(pseudo, net=small >> out)\n"
    )
    whole = program(("  loss = ce(pseudo)\n", own))
    assert [couples_batch(stage) for stage in whole.stages] == [True, True, False]


def test_a_dump_is_read_back() -> None:
    whole = program()
    text = dump(stage_graph(whole, whole.stages[-1]))
    assert 'stage="joint", average=true' in text and dump(parse_dump(text)) == text
