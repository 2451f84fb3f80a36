from collections.abc import Callable

import pytest

from ssldsl.ops.samples import MemorySamples
from ssldsl.stdlib.data.long_tailed import long_tailed

Make = Callable[[list[int]], MemorySamples]
# Cui et al., released code, CIFAR-10 with ratio 100: int(5000 * 0.01 ** (c / 9))
CIFAR10_LT = [5000, 2997, 1796, 1077, 645, 387, 232, 139, 83, 50]


def sizes(samples: MemorySamples) -> list[int]:
    assert samples.labels is not None
    return samples.labels.bincount().tolist()


def test_class_sizes_are_those_of_the_released_code(labeled: Make) -> None:
    assert sizes(long_tailed(labeled([5000] * 10), ratio=100.0)) == CIFAR10_LT


def test_a_ratio_of_one_keeps_everything(labeled: Make) -> None:
    assert sizes(long_tailed(labeled([30, 30, 30]), ratio=1.0)) == [30, 30, 30]


def test_every_class_keeps_a_sample_and_none_gets_more_than_it_has(labeled: Make) -> None:
    assert sizes(long_tailed(labeled([20, 3, 20]), ratio=1000.0)) == [20, 1, 1]
    assert sizes(long_tailed(labeled([20, 3, 20]), ratio=2.0)) == [20, 3, 10]


def test_a_longer_tail_is_a_part_of_a_shorter_one(labeled: Make) -> None:
    data = labeled([50] * 5)
    long, short = long_tailed(data, ratio=50.0, seed=4), long_tailed(data, ratio=5.0, seed=4)
    assert set(long.ids.tolist()) < set(short.ids.tolist())


def test_data_without_labels_have_no_classes(labeled: Make) -> None:
    with pytest.raises(ValueError, match="no labels"):
        long_tailed(labeled([5, 5]).without("label"), ratio=2.0)
