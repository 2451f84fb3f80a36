"""`x.index`: which samples the rows of a batch are."""

from specs import codes, with_loss
from ssldsl.ir.walk import ancestors

HEAD = "head z = linear(encoder.dim, 4) >> l2norm()"
TWO = "let two = unlabeled >> random_inception_crop(size=8, count=3)"


def numbers(outcome):
    nodes = ancestors([t.node for t in outcome.unwrap().stages[0].terms])
    return [n for n in nodes if n.op == "index"]


def triplet(x: str, more: str = TWO):
    return with_loss(f"ce(labeled) + batch_hard_triplet(z(encoder({x})), {x}.index)", f"{HEAD}\n{more}")


def test_after_a_view_that_multiplies_rows_every_copy_has_the_number_of_its_sample():
    (node,) = numbers(triplet("two"))
    assert str(node.type) == "Labels[3*B_unlabeled]" and node.inputs[0].op == "repeat_rows"


def test_numbers_count_no_classes_and_carry_no_gradient():
    (node,) = numbers(triplet("two"))
    assert node.type.classes is None and not node.grad_modules


def test_a_join_gives_the_numbers_of_each_of_its_streams():
    more = f"{HEAD}\nstream all = labeled | unlabeled\nlet two = all >> random_inception_crop(size=8, count=3)"
    found = with_loss("ce(labeled) + mean(batch_hard_triplet(z(encoder(two)), two.index)) as t", more)
    assert [str(n.type) for n in numbers(found)] == ["Labels[3*B_labeled]", "Labels[3*B_unlabeled]"]


def test_joined_batches_have_the_numbers_of_all():
    (node,) = numbers(triplet("two", "let two = concat(labeled | unlabeled) >> random_inception_crop(size=8, count=3)"))
    assert str(node.type) == "Labels[3*B_unlabeled+3*B_labeled]"


def test_two_draws_of_the_same_samples_have_the_same_numbers():
    (node,) = numbers(triplet("two", "let two = concat(draw(2, random_shift(unlabeled, 2)))"))
    assert len({rows.id for rows in node.inputs[0].inputs}) == 1


def test_a_data_set_that_is_evaluated_whole_has_none():
    found = with_loss("ce(labeled)", f"{HEAD}\neval knn(images.test.index, images.train)")
    assert "N204" in codes(found)
