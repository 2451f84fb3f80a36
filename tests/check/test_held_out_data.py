"""Test data enter no loss, by whatever operand: of data ops, of networks, of memories, of joins of streams."""

import pytest

from ssldsl.check import check
from ssldsl.source import Source

SPEC = """\
ssl 1
data images = digits()
data others = mnist()
stream labeled = images.train.subset(100, seed=0)
net  encoder = convnet(width=8)
head classes = linear(encoder.dim, images.classes)
{declared}
loss  = ce(labeled) + {term}
batch = 20
run   = 500it
eval top1(images.test)
"""
ROTATED = "rotation(u)"
CLUSTERED = "cross_entropy(classes(encoder(u)), u.cluster)"
HELD_OUT = "images.train.holdout(100, seed=0)"


def codes(declared: str, term: str) -> set[str]:
    found = check(Source("a.ssl", SPEC.format(declared=declared, term=term)))
    return {d.code for d in found.diagnostics if d.severity == "error"}


@pytest.mark.parametrize(
    ("declared", "term"),
    [
        ("stream u = unlabel(joined(images.train, images.test))", ROTATED),
        ("stream u = unlabel(joined(images.test, images.train))", ROTATED),
        (f"stream u = unlabel(joined(images.train.without_holdout(100, seed=0), {HELD_OUT}))", ROTATED),
        ("stream u = unlabel(images.train).whitened(fitted=images.test)", ROTATED),
        (f"stream u = unlabel(images.train).whitened(fitted=joined(images.train, {HELD_OUT}))", ROTATED),
        ("stream u = unlabel(images.test.without_holdout(10, seed=0))", ROTATED),
        ("stream t = images.test\nstream u = labeled | t", ROTATED),
        (
            "stream u = joined(images.train.kmeans_labels(encoder(images.train), clusters=10, every=1ep), "
            "images.test.kmeans_labels(encoder(images.test), clusters=10, every=1ep))",
            CLUSTERED,
        ),
        (
            "let both = joined(images.train, images.test)\n"
            "stream u = unlabel(both).kmeans_labels(encoder(both), clusters=10, every=1ep)",
            CLUSTERED,
        ),
        ("let near = nearest_rows(encoder(labeled), encoder(images.test))", "mse(encoder(labeled), near)"),
        (
            "let past = queue(encoder(images.test), length=40)",
            "info_nce(encoder(labeled), encoder(labeled), past.rows)",
        ),
        ("stream u = images.test >> random_shift(1)", "ce(u)"),
    ],
)
def test_held_out_samples_are_refused(declared: str, term: str) -> None:
    assert "D405" in codes(declared, term)


@pytest.mark.parametrize(
    "features",
    [
        "encoder(images.test)",
        "encoder(others.train)",
        "encoder(joined(images.train, images.test))",
        "encoder(images.train.subset(200, seed=0))",
    ],
)
def test_what_was_computed_of_other_samples_labels_none(features: str) -> None:
    declared = f"stream u = unlabel(images.train).kmeans_labels({features}, clusters=10, every=1ep)"
    assert codes(declared, CLUSTERED) == {"D515"}


def test_what_is_computed_of_the_samples_themselves_is_taken() -> None:
    declared = "stream u = unlabel(images.train).kmeans_labels(encoder(images.train), clusters=10, every=1ep)"
    assert codes(declared, CLUSTERED) == set()


def test_the_numbers_alone_of_samples_that_are_set_aside_may_be_read() -> None:
    assert codes(f"stream u = unlabel(images.train).minus({HELD_OUT})", ROTATED) == set()
