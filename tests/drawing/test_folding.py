"""Rounds that look alike are one box with their number; others are drawn one by one."""

from ssldsl.check import check
from ssldsl.drawing import draw, picture_of
from ssldsl.drawing.folding import alike, folded
from ssldsl.drawing.picture import Picture
from ssldsl.source import Source
from ssldsl.syntax.parser import parse_edit

SPEC = """
ssl 1
data   images  = digits()
stream labeled = images.train.subset(100, seed=0)
net    encoder = convnet(width=8)
head   classes = linear(encoder.dim, images.classes)
net    clf     = encoder >> classes
stage teacher { loss = ce(labeled)  run = 5ep }
stage student[3] after teacher {
  stream pseudo = images.train.pseudo_label(previous.clf(images.train))
  init encoder from previous
  loss      = ce(pseudo) + 0.5*ce(labeled) as known
  run       = 5ep
  optimizer = sgd(lr=0.1 * 0.5**round)
}
stage last after student { init encoder from student.1  loss = ce(labeled)  run = 1ep }
"""


def program(*edits: str):
    return check(Source("spec.ssl", SPEC), changes=[parse_edit(e, "drop") for e in edits]).unwrap()


def drawn(*edits: str) -> Picture:
    picture = picture_of(program(*edits))
    return folded(picture, alike(picture))


def test_rounds_are_drawn_once_with_their_number():
    picture = drawn()
    assert [(c.id, c.title) for c in picture.clusters] == [
        ("teacher", "teacher"), ("student.0", "student"), ("last", "last"),
    ]  # fmt: skip
    assert picture.clusters[1].captions[:3] == (
        "3 rounds", "encoder starts from the round before", "pseudo labeled by the round before",
    )  # fmt: skip


def test_a_number_that_changes_with_the_round_is_shown_from_first_to_last():
    assert "sgd(lr=0.1) … sgd(lr=0.025)" in drawn().clusters[1].captions


def test_streams_of_rounds_are_called_as_the_spec_calls_them():
    picture = drawn()
    assert picture.streams == ("labeled", "pseudo")
    (box,) = [b for b in picture.boxes if b.title == "pseudo"]
    assert box.id == "student.0/stream:pseudo" and "the round before" in " ".join(box.lines)


def test_links_with_other_stages_stay():
    links = {(link.source, link.target, link.text) for link in drawn().links}
    assert links == {
        ("teacher", "student.0", "encoder starts from teacher"),
        ("teacher", "student.0", "pseudo labeled by teacher"),
        ("student.0", "last", "encoder starts from student.1"),
        ("student.0", "last", ""),
    }


def test_rounds_that_differ_are_drawn_one_by_one():
    assert [c.title for c in drawn("student.1.loss.known").clusters] == [
        "teacher", "student.0", "student.1", "student.2", "last",
    ]  # fmt: skip


def test_two_experiments_are_drawn_alike():
    text = draw(program(), "mmd", other=program("student.1.loss.known"))
    assert text.count("student.1") >= 2
    assert "student.1[" not in draw(program(), "mmd")
