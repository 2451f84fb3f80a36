import json
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from data_specs import labeled_part

from ssldsl.check import check
from ssldsl.ops.samples import MemorySamples
from ssldsl.stdlib.data.holdout import holdout
from ssldsl.stdlib.data.subset import subset
from ssldsl.stdlib.data.without_holdout import without_holdout

Make = Callable[[list[int]], MemorySamples]


def classes_of(samples: MemorySamples) -> list[int]:
    assert samples.labels is not None
    return samples.labels.bincount().tolist()


def test_the_two_parts_are_the_whole_and_share_nothing(labeled: Make) -> None:
    data = labeled([40, 25, 35])
    kept, rest = holdout(data, count=20, seed=5), without_holdout(data, count=20, seed=5)
    assert (len(kept), len(rest)) == (20, 80)
    assert torch.cat([kept.ids, rest.ids]).sort().values.tolist() == list(range(100))


def test_classes_keep_their_shares(labeled: Make) -> None:
    assert holdout(labeled([400, 250, 350]), count=0.1).labels.bincount().tolist() == [40, 25, 35]


def test_rounding_goes_to_the_largest_remainders(labeled: Make) -> None:
    found = holdout(labeled([47, 16, 158]), count=10).labels.bincount().tolist()
    assert found == [2, 1, 7]  # exactly 2.13, 0.72 and 7.15


def test_the_held_out_part_has_an_order_of_its_own(labeled: Make) -> None:
    data = labeled([100, 100])
    assert set(holdout(data, count=20).ids.tolist()) != set(subset(data, count=20).ids.tolist())


def test_as_many_of_every_class_may_be_held_out(labeled: Make) -> None:
    data = labeled([40, 25, 35])
    kept, rest = holdout(data, per_class=5), without_holdout(data, per_class=5)
    assert (classes_of(kept), classes_of(rest)) == ([5, 5, 5], [35, 20, 30])


def test_a_file_names_what_is_held_out(labeled: Make, tmp_path: Path) -> None:
    data = labeled([6, 6])
    (tmp_path / "validation.json").write_text(json.dumps({"values": ["3", "7", "11"]}))
    kept, rest = holdout(data, names="validation.json"), without_holdout(data, names="validation.json")
    assert kept.ids.tolist() == [3, 7, 11] and rest.ids.tolist() == [0, 1, 2, 4, 5, 6, 8, 9, 10]


def test_one_way_of_choosing_is_given(labeled: Make) -> None:
    for part in (holdout, without_holdout):
        with pytest.raises(ValueError, match="one of count, per_class and names, not by 2 of them"):
            part(labeled([6, 6]), count=3, per_class=1)


def test_a_loss_must_not_see_the_held_out_part() -> None:
    assert [d.code for d in check(labeled_part("holdout(100, seed=0)")).diagnostics] == ["D405"]
