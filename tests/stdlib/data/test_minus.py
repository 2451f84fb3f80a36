from collections.abc import Callable

import pytest
import torch

from ssldsl.check import Checked, check
from ssldsl.ops.samples import MemorySamples
from ssldsl.source import Source
from ssldsl.stdlib.data.holdout import holdout
from ssldsl.stdlib.data.minus import minus
from ssldsl.stdlib.data.subset import subset
from ssldsl.stdlib.data.without_holdout import without_holdout

Make = Callable[[list[int]], MemorySamples]


def test_what_is_left_and_what_was_taken_are_the_whole(labeled: Make) -> None:
    data = labeled([40, 25, 35])
    taken = subset(data, count=30, seed=3)
    rest = minus(data, taken)
    assert torch.cat([taken.ids, rest.ids]).sort().values.tolist() == list(range(100))
    assert rest.ids.tolist() == sorted(rest.ids.tolist())


def test_without_the_holdout_is_the_same_as_minus_the_holdout(labeled: Make) -> None:
    data = labeled([40, 25, 35])
    assert torch.equal(minus(data, holdout(data, count=20)).ids, without_holdout(data, count=20).ids)


def test_samples_that_are_not_there_are_not_missed(labeled: Make) -> None:
    data = labeled([10, 10])
    assert minus(data.take(torch.arange(5)), data.take(torch.arange(3, 20))).ids.tolist() == [0, 1, 2]


def test_nothing_left_is_an_error(labeled: Make) -> None:
    with pytest.raises(ValueError, match="no sample is left of 20"):
        minus(labeled([10, 10]), labeled([10, 10]))


SPEC = """ssl 1
data   images  = digits()
data   others  = mnist()
stream labeled = images.train.subset(100, seed=0) >> random_shift(1)
stream rest    = {rest}
net    encoder = convnet(width=8)
head   classes = linear(encoder.dim, 10)
loss  = ce(labeled) + vat(rest)
batch = {{labeled: 50, rest: 50}}
run   = 1ep
"""


def checked(rest: str) -> Checked:
    return check(Source("spec.ssl", SPEC.format(rest=rest)))


def codes(rest: str) -> list[str]:
    return [d.code for d in checked(rest).diagnostics if d.severity == "error"]


def test_the_size_is_known_where_one_is_a_part_of_the_other() -> None:
    sizes = {s.name: s.size.value for s in checked("unlabel(images.train).minus(labeled)").unwrap().streams}
    assert sizes["rest"] == 1337
    sizes = {s.name: s.size.value for s in checked("images.train.subset(200).minus(labeled)").unwrap().streams}
    assert sizes["rest"] is None


def test_held_out_samples_may_be_left_out() -> None:
    assert codes("images.train.minus(images.train.holdout(100))") == []


def test_what_is_left_of_held_out_data_is_held_out() -> None:
    assert codes("images.test.minus(images.test.subset(10))") == ["D405"]


def test_samples_of_another_data_set_cannot_be_left_out() -> None:
    assert codes("images.train.minus(others.train)") == ["D515"]
    assert codes("images.train.minus(images.test)") == ["D515"]


def test_data_without_themselves_are_refused() -> None:
    assert codes("images.train.subset(10).minus(images.train)") == ["T303"]
