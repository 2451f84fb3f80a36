"""Data made by an earlier stage's network: what they are, wherever they are written."""

import pytest

from specs import HEAD, checked, codes
from ssldsl.check import check
from ssldsl.check.resolving import resolve
from ssldsl.comparing.canonical import identity
from ssldsl.ir.program import Program
from ssldsl.ir.walk import ancestors
from ssldsl.source import Source
from ssldsl.types import DataType

JOINT = """
net clf = encoder >> classes
stage joint {
  loss    = ce(labeled) + vat(unlabeled)
  run     = 20it
  average = polyak(half_life=5it)
}
"""


def retrained(stream: str, *, above: str = "", inside: str = "", loss: str = "ce(pseudo)", after: str = "joint"):
    stage = f"stage retrain after {after} {{\n  {inside}\n  loss = {loss}\n  run = 5it\n}}\n"
    declared = f"stream pseudo = {stream}\n" if stream else ""
    return checked(HEAD + above + declared + JOINT + stage)


def data_of(program: Program, stream: str = "pseudo") -> DataType:
    (found,) = [s.data.type for s in program.streams if s.name == stream and s.data is not None]
    assert isinstance(found, DataType)
    return found


def test_labels_say_which_stage_they_are_from():
    found = data_of(retrained("images.train.pseudo_label(joint.clf(images.train))").unwrap())
    assert found.provenance == "pseudo(joint)" and found.names == ("image", "label")


def test_unlabeled_data_get_labels_with_the_classes_of_the_scores():
    found = data_of(retrained("unlabeled.pseudo_label(joint.clf(images.train))").unwrap())
    assert str(dict(found.fields)["label"]) == "Labels[; 10 classes]" and found.unlabeled_by == ""


def test_the_size_is_that_of_the_data_whatever_is_left_out():
    found = data_of(retrained("images.train.pseudo_label(joint.clf(images.train), threshold=0.9)").unwrap())
    assert found.size.value == 1437


def test_views_of_a_stream_stay_its_views():
    outcome = retrained(
        "noisy.pseudo_label(joint.clf(images.train))", above="stream noisy = images.train >> random_shift(2)\n"
    )
    (term,) = outcome.unwrap().stages[1].terms
    (shifted,) = [n for n in ancestors([term.node]) if n.op == "random_shift"]
    assert shifted.draw == "pseudo/random_shift" and shifted.inputs[0].inputs[0].op == "pseudo_label"


@pytest.mark.parametrize(
    "written",
    [
        "images.train.pseudo_label(joint.clf(images.train))",
        "pseudo_label(images.train, joint.clf(images.train))",
        "pseudo_label(images.train, images.train >> joint.clf)",
        "images.train.pseudo_label(logits=joint.clf(images.train))",
        "images.train.pseudo_label(images.train.image >> joint.encoder >> joint.classes)",
        "named(images.train)",
    ],
)
def test_it_can_be_written_in_several_ways(written: str):
    above = "def named(x) = x.pseudo_label(joint.clf(x))\n"
    first = retrained("images.train.pseudo_label(joint.clf(images.train))", above=above).unwrap()
    assert identity(retrained(written, above=above).unwrap()) == identity(first)


def test_above_the_stages_it_means_the_same_as_inside():
    text = "stream pseudo = images.train.pseudo_label(joint.clf(images.train))"
    assert identity(retrained("", inside=text).unwrap()) == identity(retrained(text.split("= ", 1)[1]).unwrap())


def test_declarations_that_are_first_needed_there_are_read_as_elsewhere():
    above = (
        "stream pseudo = images.train.pseudo_label(joint.clf(weaker), labeled=labeled)\nstream plain = images.train\n"
    )
    above += "stream weaker = plain >> turned\nview turned = rotate4() >> normalize(mean=[0.5], std=[0.5])\n"
    outcome = retrained("", above=above.replace("joint.clf(weaker)", "average_views(joint.clf(weaker), n_views=4)"))
    assert codes(outcome) == []


def test_a_view_of_a_stream_can_be_declared_inside_a_stage():
    inside = "stream weak = unlabeled\n  stream strong = weak >> random_shift(3)"
    assert codes(retrained("", inside=inside, loss="ce(labeled) + entmin(strong)")) == []


def test_a_stage_two_before_will_do():
    middle = "stage middle after joint {\n  loss = ce(labeled)\n  run = 5it\n}\n"
    text = HEAD + JOINT + middle
    text += "stage retrain after middle {\n  stream pseudo = images.train.pseudo_label(joint.clf(images.train))\n"
    assert codes(checked(text + "  loss = ce(pseudo)\n  run = 5it\n}\n")) == []


def test_a_network_that_a_stage_only_hands_on_was_trained_before():
    middle = "  train encoder\n  init encoder, classes from joint\n  loss = ce(labeled)\n  run = 5it\n"
    text = HEAD + JOINT + f"stage middle after joint {{\n{middle}}}\n"
    text += "stage retrain after middle {\n  stream pseudo = images.train.pseudo_label(middle.clf(images.train))\n"
    assert codes(checked(text + "  loss = ce(pseudo)\n  run = 5it\n}\n")) == []


def test_data_that_no_stage_reads_may_come_from_any():
    assert (
        codes(retrained("images.train.pseudo_label(joint.clf(images.train))", loss="ce(labeled)", after="joint")) == []
    )


def test_what_is_resolved_is_the_same_experiment():
    logits = "average_views(joint.average.clf(images.train >> rotate4()), n_views=4)"
    outcome = retrained(f"unlabeled.pseudo_label({logits}, labeled=labeled)")
    text = resolve(outcome)
    assert 'of="logits"' in text and "threshold=0.0" in text
    again = check(Source("again.ssl", text)).unwrap()
    assert identity(again) == identity(outcome.unwrap())


def test_labels_of_the_test_data_are_still_test_data():
    assert codes(retrained("images.test.pseudo_label(joint.clf(images.test))")) == ["D405"]


def test_an_error_inside_is_said_once():
    assert codes(retrained("images.train.pseudo_label(joint.clf(imges.train))")) == ["N201"]


def test_a_stage_has_no_such_network():
    assert codes(retrained("images.train.pseudo_label(joint.clff(images.train))")) == ["N204"]


SOFT = "images.train.pseudo_label(joint.clf(images.train), soft=true)"


def test_soft_labels_are_a_field_of_the_stream_with_a_kind_of_its_own():
    found = data_of(retrained(SOFT).unwrap())
    assert found.names == ("image", "label", "target")
    assert str(dict(found.fields)["target"]) == "Probs[10]"


def test_a_field_that_was_computed_is_read_like_one_of_the_data():
    loss = "soft_cross_entropy(classes(encoder(pseudo)), pseudo.target)"
    assert codes(retrained(SOFT, loss=loss)) == []
    assert codes(retrained(SOFT.replace(", soft=true", ""), loss=loss)) == ["N204"]


def test_a_view_that_multiplies_rows_repeats_the_fields_that_were_computed():
    outcome = retrained(SOFT, inside="let x = pseudo >> rotate4()", loss="soft_cross_entropy(clf(x), x.target)")
    (term,) = outcome.unwrap().stages[1].terms
    (target,) = [n for n in ancestors([term.node]) if n.op == "draw" and n.setting("field") == "target"]
    assert [n.op for n in ancestors([term.node]) if target in n.inputs] == ["repeat_rows"]


def test_data_that_are_held_out_stay_so_whatever_is_computed_of_them():
    stream = "images.test.pseudo_label(joint.clf(images.test), soft=true)"
    found = codes(retrained(stream, loss="soft_cross_entropy(clf(pseudo), pseudo.target)"))
    assert set(found) == {"D405"}
