"""What an evaluation holds out and a loss learns with its labels is reported (L616), and nothing else."""

import pytest

from ssldsl.check import check
from ssldsl.source import Source

SPEC = """\
ssl 1
data images = digits()
stream labeled = {data}
net  encoder = convnet(width=8)
head classes = linear(encoder.dim, images.classes)
loss  = {loss}
batch = 20
run   = 500it
keep  = best(val)
eval top1({held}) as val
"""
HELD_OUT = "images.train.holdout(300, seed=1)"
REST = "images.train.without_holdout(300, seed=1)"


def codes(data: str, held: str = HELD_OUT, loss: str = "ce(labeled)") -> list[str]:
    found = check(Source("a.ssl", SPEC.format(data=data, held=held, loss=loss))).diagnostics
    return [d.code for d in found if d.code not in ("L602", "L608")]


@pytest.mark.parametrize(
    "data",
    [
        "images.train",
        "images.train >> random_shift(1)",
        "images.train.subset(per_class=10, seed=0)",
        "images.train.without_holdout(300, seed=2)",
        "images.train.without_holdout(200, seed=1)",
        f"joined({REST}, images.train)",
        "images.train.subset(per_class=90, seed=0).without_holdout(300, seed=1)",
    ],
)
def test_a_leak_is_reported_once(data: str) -> None:
    assert codes(data) == ["L616"]


@pytest.mark.parametrize(
    "data",
    [
        REST,
        f"{REST}.subset(per_class=10, seed=0) >> random_shift(1)",
        f"joined({REST}, {REST}.subset(per_class=10, seed=0))",
        f"images.train.minus({HELD_OUT})",
    ],
)
def test_the_rest_and_its_parts_may_be_trained_on(data: str) -> None:
    assert codes(data) == []


def test_what_is_held_out_of_the_others_is_apart() -> None:
    assert codes("images.train.subset(100)", "images.train.minus(images.train.subset(100)).holdout(300)") == []


def test_without_labels_all_images_may_be_trained_on() -> None:
    assert "L616" not in codes("images.train", loss="rotation(labeled)")
    assert "L616" not in codes("unlabel(images.train)", loss="rotation(labeled)")


def test_the_cure_is_written_out() -> None:
    found = check(Source("a.ssl", SPEC.format(data="images.train", held=HELD_OUT, loss="ce(labeled)"))).diagnostics
    assert [f"`{REST}`" in d.help for d in found if d.code == "L616"] == [True]
