"""`x.position`: where the samples of a batch stand in their stream, and how many there are."""

import pytest

from specs import HEAD, checked, codes, with_loss
from ssldsl.ir.walk import ancestors

P = "let p = probabilities(stop(classes(encoder({x}))))\nlet seen = per_sample(p, {x}.position)"


def positions(outcome):
    nodes = ancestors([t.node for t in outcome.unwrap().stages[0].terms])
    (memory,) = (n for n in nodes if n.op == "per_sample")
    return memory.inputs[1]


def remembered(x: str, more: str = ""):
    return with_loss(f"ce(labeled) + mean(kl(classes(encoder({x})), seen)) as t", f"{more}\n{P.format(x=x)}")


@pytest.mark.parametrize(
    ("stream", "size"),
    [
        ("unlabel(images.train)", "1437"),
        ("unlabel(images.train.subset(100, seed=0))", "100"),
        ("images.train.subset(per_class=3, seed=0)", "30"),
        ("images.train.without_holdout(37, seed=1)", "1400"),
        ("images.train >> random_shift(1)", "1437"),
        ('image_arrays("photos.npz", channels=1, height=8, width=8).train', "N_train_"),
    ],
)
def test_the_type_says_how_many_samples_the_stream_has(stream: str, size: str):
    text = f"{HEAD}stream mine = {stream}\n{P.format(x='mine')}\nloss = ce(labeled) + kl(classes(encoder(mine)), seen)"
    node = positions(checked(f"{text}\nbatch = 20\nrun = 2ep"))
    assert str(node.type).startswith(f"Positions[B_mine; {size}") and not node.grad_modules


def test_copies_of_a_sample_and_views_of_a_draw_keep_its_position():
    node = positions(remembered("two", "let two = unlabeled >> random_inception_crop(size=8, count=3)"))
    assert str(node.type) == "Positions[3*B_unlabeled; 1437 samples]" and node.op == "repeat_rows"
    node = positions(remembered("both", "let both = concat(draw(2, random_shift(unlabeled, 2)))"))
    assert str(node.type) == "Positions[2*B_unlabeled; 1437 samples]" and node.op == "concat"


def test_a_stream_that_is_a_view_of_another_has_its_positions():
    node = positions(remembered("strong", "stream strong = unlabeled >> random_shift(3)"))
    assert node.setting("stream") == "unlabeled"


def test_labels_are_places_of_a_row_for_every_class():
    more = "let p = probabilities(stop(classes(encoder(labeled))))\nlet seen = per_sample(p, labeled.label)"
    outcome = with_loss("ce(labeled) + mean(kl(classes(encoder(labeled)), seen)) as t", more)
    assert str(positions(outcome).type) == "Labels[B_labeled; 10 classes]"


def test_a_whole_data_set_has_none():
    assert "N204" in codes(with_loss("ce(labeled)", "eval top1(images.test.position, images.test)"))
