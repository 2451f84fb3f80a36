"""The numbers of samples reach the loss: after views that multiply rows, in any number of processes, from files."""

from pathlib import Path
from typing import Any

import pytest
import torch
from experiments import LIBRARY
from PIL import Image
from ranks import WORLD, Ranks
from test_step_of_specs import one_step, plan_of
from torch import Tensor
from torch.nn.functional import normalize
from torch.nn.parallel import DistributedDataParallel

from ssldsl.check import check
from ssldsl.graph.plan import Plan
from ssldsl.ops.random import Rows, SampleRng, key_of
from ssldsl.passes.planning import make_plan
from ssldsl.runtime.data.datasets import Datasets, sample_shapes
from ssldsl.runtime.data.feed import Feed
from ssldsl.runtime.data.measure import measure
from ssldsl.runtime.nets.build import build_modules
from ssldsl.runtime.nets.memories import build_memories
from ssldsl.runtime.nets.modules import set_trained
from ssldsl.runtime.ops.scalars import Scalars
from ssldsl.runtime.step.module import make_step
from ssldsl.source import Source
from ssldsl.stdlib.losses.batch_hard_triplet import batch_hard_triplet
from ssldsl.stdlib.views.flip import flip
from ssldsl.stdlib.views.random_inception_crop import random_inception_crop

EXEMPLAR = """ssl 1
data   images    = digits()
view   patches   = random_inception_crop(size=8, count=4) >> flip()
stream labeled   = images.train.subset(100, seed=0)
stream unlabeled = unlabel(images.train)
net    encoder   = convnet(width=8)
head   classes   = linear(encoder.dim, images.classes)
let    xl        = patches(labeled)
let    xu        = patches(unlabeled)
loss  = ce(xl) + exemplar(xl | xu, dim=16)
batch = {labeled: 4, unlabeled: 12}
run   = 20it
"""


def test_the_optimized_step_equals_the_plain_one() -> None:
    plain, optimized = (one_step(plan_of(EXEMPLAR, level)) for level in (0, 1))
    torch.testing.assert_close(optimized[0], plain[0], rtol=1e-5, atol=1e-6)
    torch.testing.assert_close(optimized[1], plain[1], rtol=1e-4, atol=1e-6)


def by_hand(modules: torch.nn.ModuleDict, batch: dict[str, Tensor], stream: str, draw: str) -> Tensor:
    """The triplet loss of one stream."""
    rows = Rows(*(batch[f"{stream}.{part}"] for part in ("index", "epoch", "copy")))
    rng = SampleRng(key_of(0, "main", f"{draw}/random_inception_crop"), rows)
    images = random_inception_crop(batch[f"{stream}.image"], rng=rng, size=8, count=4)
    images = flip(images, rng=SampleRng(key_of(0, "main", f"{draw}/flip"), rows.repeat(4)))
    z = normalize(modules["exemplar/embeddings/linear"](modules["encoder"](images)), dim=1)
    return batch_hard_triplet(z, rows.index.repeat_interleave(4))


def test_the_loss_is_the_mean_over_streams_of_the_triplet_loss_written_by_hand() -> None:
    plan = plan_of(EXEMPLAR, 1)
    stage = plan.stages[0]
    samples = Datasets(LIBRARY).streams(stage)
    modules = build_modules(plan, sample_shapes(samples), LIBRARY)
    batch = Feed(plan, stage, samples, library=LIBRARY).batch_at(3)
    values = make_step(plan, stage, modules, LIBRARY)(batch, Scalars(stage, LIBRARY).tensor_at(3))
    expected = (by_hand(modules, batch, "labeled", "xl") + by_hand(modules, batch, "unlabeled", "xu")) / 2
    assert values["exemplar"].item() == pytest.approx(expected.item(), abs=1e-6)
    assert len(set(batch["unlabeled.index"].tolist())) == 12


def test_streams_of_one_data_set_number_its_samples_alike() -> None:
    samples = Datasets(LIBRARY).streams(plan_of(EXEMPLAR, 1).stages[0])
    some, all_ = samples["labeled"], samples["unlabeled"]
    rows = [all_.ids.tolist().index(number) for number in some.ids.tolist()]
    images = [of.read(torch.as_tensor(where))["image"] for of, where in ((some, range(100)), (all_, rows))]
    assert torch.equal(*images)


def test_joined_batches_are_compared_as_one() -> None:
    plan = plan_of(EXEMPLAR.replace("exemplar(xl | xu,", "exemplar(concat(xl | xu),"), 1)
    stage = plan.stages[0]
    samples = Datasets(LIBRARY).streams(stage)
    modules = build_modules(plan, sample_shapes(samples), LIBRARY)
    batch = Feed(plan, stage, samples, library=LIBRARY).batch_at(3)
    lowered = make_step(plan, stage, modules, LIBRARY).lowered.source
    assert "torch.cat" in lowered and lowered.count("batch_hard_triplet(") == 1
    batch["unlabeled.index"] = batch["unlabeled.index"] * 0 + batch["labeled.index"][0]  # a single positive group
    batch["labeled.index"] = batch["labeled.index"] * 0 + batch["labeled.index"][0]
    values = make_step(plan, stage, modules, LIBRARY)(batch, Scalars(stage, LIBRARY).tensor_at(3))
    assert values["exemplar"].item() == 0  # all rows have one number, so no row has a negative


MEMORY = """ssl 1
data   images   = {source}
stream mine     = unlabel({data}) >> random_shift(1)
net    encoder  = convnet(width=8)
head   classes  = linear(encoder.dim, 3)
let    p        = probabilities(stop(classes(encoder(mine))))
let    seen     = per_sample(p, mine.position)
loss  = kl(classes(encoder(mine)), seen)
batch = 8
run   = 5it
"""


@pytest.mark.parametrize("data", ["images.train.subset(20, seed=3)", "images.train.without_holdout(1400, seed=1)"])
def test_a_position_is_where_the_sample_stands_in_its_stream(data: str) -> None:
    stage = plan_of(MEMORY.format(source="digits()", data=data), 1).stages[0]
    samples = Datasets(LIBRARY).streams(stage)
    feed = Feed(plan_of(MEMORY.format(source="digits()", data=data), 1), stage, samples, library=LIBRARY)
    for step in range(6):
        batch = feed.batch_at(step)
        assert torch.equal(samples["mine"].read(batch["mine.position"])["image"], batch["mine.image"])
        assert batch["mine.position"].max() < len(samples["mine"])


def test_a_memory_is_as_long_as_the_files_that_are_there(photos: Path) -> None:
    text = MEMORY.format(source=f'image_folder(path="{photos}")', data="images.all").replace(
        ">> random_shift(1)", ">> random_resized_crop(8)"
    )
    program = check(Source("test.ssl", text)).unwrap()
    measured = measure(program, Datasets(LIBRARY))
    plan = make_plan(program, sizes=measured.sizes, resident=measured.resident)
    memories = build_memories(plan, plan.stages[0], {}, LIBRARY)
    assert memories["seen/per_sample"].rows.shape == (24, 3)


# Two processes


def stepped(rank: int, plan: Plan, world: int) -> dict[str, Any]:
    """Values and gradients of one step on a process's share of the batch."""
    stage = plan.stages[0]
    samples = Datasets(LIBRARY).streams(stage)
    modules = build_modules(plan, sample_shapes(samples), LIBRARY)
    set_trained(stage, modules)
    step: torch.nn.Module = make_step(plan, stage, modules, LIBRARY, shards=world)
    step = DistributedDataParallel(step) if world > 1 else step
    feed = Feed(plan, stage, samples, library=LIBRARY, rank=rank, world=world)
    values = step(feed.batch_at(3), Scalars(stage, LIBRARY).tensor_at(3))
    values["loss"].backward()
    return {
        "values": {name: value.detach() for name, value in values.items()},
        "gradients": {name: p.grad for name, p in modules.named_parameters() if p.grad is not None},
    }


def test_two_processes_compare_the_patches_of_both(ranks: Ranks) -> None:
    plan = plan_of(EXEMPLAR, 1)
    expected = stepped(0, plan, 1)
    found = ranks.call(stepped, plan, WORLD)
    mean = {name: sum(f["values"][name] for f in found) / WORLD for name in expected["values"]}
    torch.testing.assert_close(mean, expected["values"], rtol=1e-5, atol=1e-5)
    for f in found:
        torch.testing.assert_close(f["gradients"], expected["gradients"], rtol=1e-4, atol=1e-5)


# Files


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """Three classes of eight images of different sizes, each image of one color that says its class and number."""
    for i in range(24):
        color = (10 * i + 5, 80 * (i // 8), 200)
        folder = tmp_path / f"class{i // 8}"
        folder.mkdir(exist_ok=True)
        Image.new("RGB", (10 + i % 5, 12 + i % 3), color).save(folder / f"{i:02}.png")
    return tmp_path


def test_from_files_workers_cut_patches_that_keep_number_and_label(photos: Path) -> None:
    text = EXEMPLAR.replace("digits()", f'image_folder(path="{photos}")').replace("images.train", "images.all")
    program = check(Source("test.ssl", text.replace("subset(100, seed=0)", "subset(12, seed=0)"))).unwrap()
    datasets = Datasets(LIBRARY)
    measured = measure(program, datasets)
    plan = make_plan(program, sizes=measured.sizes, resident=measured.resident)
    stage = plan.stages[0]
    samples = datasets.streams(stage)
    feed = Feed(plan, stage, samples, library=LIBRARY)
    batch = feed.batch_at(2)
    (images,) = (value for key, value in batch.items() if key.startswith("unlabeled.") and value.ndim == 4)
    numbers = (255 * images[:, 0, 0, 0] - 5) / 10
    assert numbers.round().int().tolist() == batch["unlabeled.index"].repeat_interleave(4).tolist()
    modules = build_modules(plan, sample_shapes(samples), LIBRARY)
    values = make_step(plan, stage, modules, LIBRARY)(batch, Scalars(stage, LIBRARY).tensor_at(2))
    assert all(value.isfinite() for value in values.values())
