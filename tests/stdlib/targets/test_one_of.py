import pytest
import torch

from ssldsl.ops.random import Rows, SampleRng
from ssldsl.stdlib.targets.one_of import one_of


def rng(rows: int) -> SampleRng:
    return SampleRng(7, Rows(torch.arange(rows), *(torch.zeros(rows, dtype=torch.int64) for _ in range(2))))


def shares(count: int, **settings: list[float]) -> list[float]:
    views = [torch.full((6000, 1, 1, 1), float(number)) for number in range(count)]
    return (one_of(views, rng=rng(6000), **settings).flatten().long().bincount(minlength=count) / 6000).tolist()


def test_every_view_is_as_likely_as_its_weight() -> None:
    assert shares(4) == pytest.approx([0.25] * 4, abs=0.025)  # four standard deviations
    assert shares(3, weights=[1.0, 0.0, 3.0]) == pytest.approx([0.25, 0, 0.75], abs=0.025)


def test_every_image_is_drawn_alone_and_whole() -> None:
    views = [torch.zeros(50, 1, 3, 3), torch.ones(50, 1, 3, 3)]
    found = one_of(views, rng=rng(50)).flatten(1)
    assert (found == found[:, :1]).all() and 10 < found[:, 0].sum() < 40
    alone = one_of([view[7:8] for view in views], rng=SampleRng(7, Rows(*(t[7:8] for t in rng(50).rows))))
    assert torch.equal(alone.flatten(1), found[7:8])


def test_weights_of_another_number_are_refused() -> None:
    with pytest.raises(ValueError, match="2 views and the weights"):
        one_of([torch.zeros(1, 1, 1, 1)] * 2, rng=rng(1), weights=[1.0])
