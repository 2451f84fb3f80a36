from collections.abc import Callable

import pytest
from data_specs import labeled_part

from ssldsl.check import check
from ssldsl.ops.samples import MemorySamples
from ssldsl.stdlib.data.unlabel import unlabel
from ssldsl.stdlib.data.without_holdout import without_holdout

Make = Callable[[list[int]], MemorySamples]


def test_what_is_left_keeps_its_order_and_its_labels(labeled: Make) -> None:
    data = labeled([30, 30])
    rest = without_holdout(data, count=12)
    assert len(rest) == 48 and rest.ids.tolist() == sorted(rest.ids.tolist())
    assert rest.labels is not None and rest.labels.bincount().tolist() == [24, 24]


def test_data_without_labels_are_split_too(labeled: Make) -> None:
    assert len(without_holdout(unlabel(labeled([30, 30])), count=12)) == 48


@pytest.mark.parametrize(("part", "size"), [("count=100", 1337), ("10%", 1293), ("per_class=20", 1237)])
def test_a_spec_knows_the_size_of_what_is_left(part: str, size: int) -> None:
    program = check(labeled_part(f"without_holdout({part})")).program
    assert program is not None and program.streams[0].size.value == size


def test_what_a_list_of_names_leaves_is_known_once_it_is_read() -> None:
    program = check(labeled_part('without_holdout(names="validation.json")')).program
    assert program is not None and program.streams[0].size.value is None
