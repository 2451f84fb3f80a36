"""Batches are a function of the step: in any order, for any number of processes and workers."""

from pathlib import Path

import pytest
import torch
from experiments import LIBRARY, plan_of, quickstart, random_batch
from PIL import Image
from torch import Tensor

from ssldsl.errors import SpecError
from ssldsl.graph.plan import Plan, StagePlan
from ssldsl.ops.data import Samples
from ssldsl.ops.data_dirs import BrokenData
from ssldsl.ops.philox_cache import cached_words
from ssldsl.ops.samples import FileSamples, MemorySamples
from ssldsl.runtime.data.datasets import Datasets, sample_shapes
from ssldsl.runtime.data.feed import Feed
from ssldsl.runtime.data.sampler import SampleOrder, stretches
from ssldsl.runtime.step.lower import lower


def order(size: int = 10, seed: int = 0, stream: str = "labeled") -> SampleOrder:
    return SampleOrder.of(seed, "main", stream, torch.arange(size) + 100)


def positions(of: SampleOrder, first: int, last: int) -> list[int]:
    return of.rows(first, last)[0].tolist()


def test_a_stretch_of_the_sequence_is_cut_where_passes_end() -> None:
    found = [(s.number, s.start, s.stop) for s in stretches(8, 23, 10)]
    assert found == [(0, 8, 10), (1, 0, 10), (2, 0, 3)]


def test_every_pass_holds_every_sample_once_in_an_order_of_its_own() -> None:
    passes = [positions(order(), start, start + 10) for start in (0, 10, 20)]
    assert [sorted(p) for p in passes] == [list(range(10))] * 3
    assert passes[0] != passes[1] != passes[2]


def test_no_sample_is_dropped_where_a_batch_lies_across_two_passes() -> None:
    batches = [positions(order(), 4 * k, 4 * k + 4) for k in range(5)]
    assert [p for batch in batches for p in batch] == positions(order(), 0, 10) + positions(order(), 10, 20)


def test_the_sequence_does_not_depend_on_how_it_is_laid_out(monkeypatch: pytest.MonkeyPatch) -> None:
    together = positions(order(), 0, 70)
    monkeypatch.setattr("ssldsl.runtime.data.sampler._LENGTH", 15)  # blocks of two passes
    apart = [p for start in range(0, 70, 7) for p in positions(order(), start, start + 7)]
    assert apart == together


def test_random_words_of_a_batch_are_computed_ahead() -> None:
    _, rows = order(100).rows(50, 100)
    assert cached_words(rows, 1, 2) is not None


def test_numbers_follow_the_sample_and_passes_are_counted() -> None:
    where, rows = order().rows(8, 14)
    assert rows.index.tolist() == [p + 100 for p in where.tolist()]
    assert rows.epoch.tolist() == [0, 0, 1, 1, 1, 1] and rows.copy.tolist() == [0] * 6


def test_seeds_and_streams_have_different_orders() -> None:
    first = positions(order(50), 0, 50)
    assert first != positions(order(50, seed=1), 0, 50) and first != positions(order(50, stream="other"), 0, 50)
    assert first == positions(order(50), 0, 50)


def test_unlabeled_data_of_unequal_classes_are_used_to_the_last_sample() -> None:
    """Semi-supervised-learning#22: a loader that drew as many of every class left the others out."""
    text = """ssl 1
data   images = digits()
stream all    = unlabel(images.train)
net    encoder = convnet(width=4)
head   classes = linear(encoder.dim, images.classes)
loss  = entmin(all)
batch = 100
run   = 1ep
"""
    plan = plan_of(text)
    samples = digits(plan)
    whole = samples["all"]
    batches = feed(plan, samples)
    drawn = torch.cat([batches.batch_at(step)["all.image"] for step in range(15)])[: len(whole.ids)]
    wanted = whole.read(torch.arange(len(whole.ids)))["image"]
    assert len(whole.ids) == 1437  # of ten classes: they cannot be equal
    assert sorted(drawn.flatten(1).tolist()) == sorted(wanted.flatten(1).tolist())


# Data in memory


def digits(plan: Plan) -> dict[str, Samples]:
    return Datasets(LIBRARY).streams(plan.stages[0])


def feed(plan: Plan, samples: dict[str, Samples], **options: int) -> Feed:
    return Feed(plan, plan.stages[0], samples, library=LIBRARY, **options)


def test_a_batch_holds_what_the_step_reads_and_nothing_else() -> None:
    plan = quickstart()
    batch = feed(plan, digits(plan)).batch_at(0)
    assert set(batch) == set(random_batch()) - {"unlabeled.label"}
    assert batch["labeled.image"].shape == (8, 1, 8, 8) and batch["labeled.image"].dtype == torch.float32


def test_a_step_gives_the_same_batch_whatever_was_asked_before() -> None:
    plan = quickstart()
    samples = digits(plan)
    forwards, backwards = feed(plan, samples), feed(plan, samples)
    first = [forwards.batch_at(step) for step in (0, 200, 400)]
    second = [backwards.batch_at(step) for step in (400, 200, 0)][::-1]
    assert all(torch.equal(a[key], b[key]) for a, b in zip(first, second, strict=True) for key in a)


@pytest.mark.parametrize(("world", "accumulate"), [(2, 1), (4, 1), (1, 2), (2, 4)])
def test_shares_of_all_processes_and_parts_make_up_the_batch_of_one(world: int, accumulate: int) -> None:
    plan, shared = quickstart(), quickstart(f"accumulate={accumulate}")
    samples = digits(plan)
    whole = feed(plan, samples).batch_at(5)
    feeds = [feed(shared, samples, rank=rank, world=world) for rank in range(world)]
    parts = [f.batch_at(5, part) for part in range(accumulate) for f in feeds]
    assert all(torch.equal(torch.cat([p[key] for p in parts]), whole[key]) for key in whole)


def test_a_batch_that_cannot_be_shared_equally_is_refused() -> None:
    plan = quickstart("batch={labeled: 6, unlabeled: 8}")
    with pytest.raises(SpecError, match=r"R407.*cannot be shared equally by 4 processes"):
        feed(plan, digits(plan), world=4)


def test_images_and_labels_belong_to_the_numbers() -> None:
    plan = quickstart()
    samples = digits(plan)
    batch = feed(plan, samples).batch_at(7)
    row = {int(id_): i for i, id_ in enumerate(samples["labeled"].ids)}
    found = samples["labeled"].read(torch.tensor([row[int(i)] for i in batch["labeled.index"]]))
    assert torch.equal(found["label"], batch["labeled.label"]) and torch.equal(found["image"], batch["labeled.image"])


def test_feeding_leaves_the_global_generator_alone() -> None:
    plan = quickstart()
    state = torch.get_rng_state()
    feed(plan, digits(plan)).batch_at(3)
    assert torch.equal(state, torch.get_rng_state())


def test_equal_data_is_read_once_and_shapes_are_told() -> None:
    plan = quickstart()
    samples = digits(plan)
    assert samples["labeled"] is samples["unlabeled"]
    assert sample_shapes(samples)["unlabeled.image"] == (1, 8, 8)


# Data in files


def on_host(plan: Plan) -> Plan:
    """The same plan with the unlabeled stream's view in workers."""
    stage: StagePlan = plan.stages[0]
    nodes = tuple(
        n.model_copy(update={"placement": "host"}) if n.draw == "unlabeled/random_shift" else n for n in stage.nodes
    )
    return plan.model_copy(update={"stages": (stage.model_copy(update={"nodes": nodes}),)})


class GreyFiles:
    """Files read as one channel, as the digits are."""

    def __init__(self, files: FileSamples) -> None:
        self.files = files

    def __getattr__(self, name: str) -> object:
        if name.startswith("__") or name == "files":
            raise AttributeError(name)
        return getattr(self.files, name)

    def __len__(self) -> int:
        return len(self.files)

    def read(self, rows: Tensor) -> dict[str, Tensor]:
        return {"image": self.files.read(rows)["image"][:, :1]}


@pytest.fixture
def filed(tmp_path: Path) -> tuple[GreyFiles, MemorySamples]:
    """Twenty images in files, and the same in memory."""
    pixels = torch.randint(256, (20, 8, 8), generator=torch.Generator().manual_seed(0)).byte()
    names = [f"{i:02}.png" for i in range(20)]
    for name, image in zip(names, pixels, strict=True):
        Image.fromarray(image.numpy()).save(tmp_path / name)
    files = FileSamples(tmp_path, tuple(names), torch.arange(20))
    return GreyFiles(files), MemorySamples.of("memory", image=pixels.unsqueeze(1))


def test_workers_prepare_what_the_step_would_have_made_of_data_in_memory(
    filed: tuple[GreyFiles, MemorySamples],
) -> None:
    files, memory = filed
    plan = quickstart()
    labeled = digits(plan)["labeled"]
    expected = feed(plan, {"labeled": labeled, "unlabeled": memory}).batch_at(3)
    prepare = lower(on_host(plan), on_host(plan).stages[0], LIBRARY).namespace()["prepare_unlabeled"]
    images = prepare(expected, torch.zeros(2))["unlabeled.unlabeled_images"]
    found = feed(on_host(plan), {"labeled": labeled, "unlabeled": files}).batch_at(3)
    assert torch.equal(found["unlabeled.unlabeled_images"], images)
    assert torch.equal(found["unlabeled.index"], expected["unlabeled.index"])


def test_workers_and_the_step_to_begin_with_do_not_matter(filed: tuple[GreyFiles, MemorySamples]) -> None:
    plan = on_host(quickstart())
    samples = {"labeled": digits(plan)["labeled"], "unlabeled": filed[0]}
    alone, helped = feed(plan, samples), feed(plan, samples, num_workers=2)
    state = torch.get_rng_state()
    for step in (4, 5, 6, 2):
        one, two = alone.batch_at(step), helped.batch_at(step)
        assert all(torch.equal(one[key], two[key]) for key in one)
    helped.close()
    assert torch.equal(state, torch.get_rng_state())


def test_processes_share_files_as_they_share_memory(filed: tuple[GreyFiles, MemorySamples]) -> None:
    plan = on_host(quickstart())
    samples = {"labeled": digits(plan)["labeled"], "unlabeled": filed[0]}
    whole = feed(plan, samples).batch_at(1)
    parts = [feed(plan, samples, rank=rank, world=2).batch_at(1) for rank in range(2)]
    assert all(torch.equal(torch.cat([p[key] for p in parts]), whole[key]) for key in whole)


@pytest.mark.parametrize("num_workers", [0, 1])
def test_a_broken_file_is_named(filed: tuple[GreyFiles, MemorySamples], num_workers: int) -> None:
    files, _ = filed
    for name in files.names:
        (files.files.folder / name).write_bytes(b"no image")
    plan = on_host(quickstart())
    samples = {"labeled": digits(plan)["labeled"], "unlabeled": files}
    with pytest.raises(BrokenData, match=r"\.png"):
        feed(plan, samples, num_workers=num_workers).batch_at(0)
