"""Balanced streams: as many of every class in every batch, each sample in its turn, and a function of the step."""

from collections import Counter
from collections.abc import Callable

import pytest
import torch
from experiments import LIBRARY, plan_of
from torch import Tensor

from ssldsl.ops.samples import MemorySamples, with_fields
from ssldsl.runtime.data.datasets import Datasets
from ssldsl.runtime.data.feed import Feed
from ssldsl.runtime.data.sampler import SampleOrder
from ssldsl.stdlib.data.balanced import balanced
from ssldsl.stdlib.data.unlabel import unlabel

Make = Callable[[list[int]], MemorySamples]
SIZES = [3, 20, 7]
SPEC = """ssl 1
data   images    = digits()
stream labeled   = images.train.subset(95, seed=0).balanced()
net    encoder   = convnet(width=4)
head   classes   = linear(encoder.dim, images.classes)
loss  = ce(labeled)
batch = {labeled: 40}
run   = 20it
"""


def order_of(data: MemorySamples) -> SampleOrder:
    groups = balanced(data).read(torch.arange(len(data)))["balanced by"]
    return SampleOrder.of(0, "main", "labeled", data.ids, groups=groups)


def classes_of(data: MemorySamples, positions: Tensor) -> list[int]:
    assert data.labels is not None
    return data.labels[positions].bincount(minlength=len(SIZES)).tolist()


def test_every_batch_has_as_many_rows_of_every_class(labeled: Make) -> None:
    data = labeled(SIZES)
    order = order_of(data)
    assert all(classes_of(data, order.rows(6 * k, 6 * k + 6)[0]) == [2, 2, 2] for k in range(2000))
    counts = [classes_of(data, order.rows(7 * k, 7 * k + 7)[0]) for k in range(500)]
    assert all(max(count) - min(count) <= 2 for count in counts)


def test_of_a_class_every_sample_comes_once_before_any_comes_again(labeled: Make) -> None:
    data = labeled(SIZES)
    assert data.labels is not None
    positions, rows = order_of(data).rows(0, 3 * 420)
    for number, size in enumerate(SIZES):
        own = data.labels[positions] == number
        passes = [Counter(part.tolist()) for part in torch.split(positions[own], size)]
        assert all(set(found.values()) == {1} for found in passes) and len(passes) == 420 // size
        assert torch.equal(rows.epoch[own], torch.arange(420) // size)  # so other views every time
        assert len({tuple(part.tolist()) for part in torch.split(positions[own], size)}) > 1
    assert torch.equal(rows.index, data.ids[positions])


def test_the_sequence_does_not_depend_on_how_it_is_laid_out(labeled: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    order = order_of(labeled(SIZES))
    together = order.rows(0, 700)[0]
    monkeypatch.setattr("ssldsl.runtime.data.sampler._LENGTH", 40)
    apart = [order_of(labeled(SIZES)).rows(start, start + 7)[0] for start in range(0, 700, 7)]
    assert torch.equal(torch.cat(apart), together)


def test_classes_take_turns_in_changing_orders(labeled: Make) -> None:
    data = labeled(SIZES)
    assert data.labels is not None
    rounds = data.labels[order_of(data).rows(0, 90)[0]].view(30, 3)
    assert len({tuple(r) for r in rounds.tolist()}) == 6


@pytest.mark.parametrize("world", [2, 4])
def test_a_run_draws_the_same_for_any_number_of_processes_and_from_any_step_on(world: int) -> None:
    plan = plan_of(SPEC)
    stage = plan.stages[0]
    samples = Datasets(LIBRARY).streams(stage)
    one = Feed(plan, stage, samples, library=LIBRARY)
    shares = [Feed(plan, stage, samples, library=LIBRARY, rank=rank, world=world) for rank in range(world)]
    whole = [one.batch_at(step) for step in (5, 0, 19)]
    for step, batch in zip((5, 0, 19), whole, strict=True):
        parts = [share.batch_at(step) for share in shares]
        assert all(torch.equal(torch.cat([p[key] for p in parts]), value) for key, value in batch.items())
        assert batch["labeled.label"].bincount().tolist() == [4] * 10
        again = Feed(plan, stage, samples, library=LIBRARY).batch_at(step)  # as a run that goes on from here
        assert all(torch.equal(again[key], value) for key, value in batch.items())


def test_clusters_may_be_what_is_balanced_and_labels_may_go(labeled: Make) -> None:
    data = with_fields(labeled([4, 4]), cluster=torch.tensor([0, 0, 0, 0, 0, 0, 1, 1]))
    assert unlabel(balanced(data, by="cluster")).read(torch.arange(8))["balanced by"].tolist() == [0] * 6 + [1] * 2
    assert "label" not in unlabel(balanced(data)).fields


def test_what_is_no_class_is_refused(labeled: Make) -> None:
    with pytest.raises(ValueError, match="have no whole numbers `cluster` to be balanced by"):
        balanced(labeled([2, 2]), by="cluster")
    with pytest.raises(ValueError, match="`label`"):
        balanced(labeled([2, 2]).without("label"))
