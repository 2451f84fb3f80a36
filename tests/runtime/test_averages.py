"""An averaged network is evaluated with statistics that belong to its weights, however it came about."""

from pathlib import Path

import pytest
import torch
from memory_specs import LIBRARY, plan_of
from test_memories import stage_parts
from torch import Tensor

from ssldsl.runtime.folder.checkpoint import latest, read_part
from ssldsl.runtime.folder.stage_end import final_weights
from ssldsl.runtime.nets.averages import Moving
from ssldsl.runtime.run import Options, Result, run
from ssldsl.runtime.train.loop import take_step

NETWORK = """
ssl 1
data   images  = digits()
stream labeled = images.train
net    encoder = convnet(width=8, norm="batch")
head   classes = linear(encoder.dim, images.classes)
net    model   = encoder >> classes
net    teacher = ema(model, momentum=MOMENTUM)
loss = LOSS
batch     = 64
run       = {steps}it
optimizer = sgd(lr=0.1, momentum=0.9)
forward   = concat
eval top1(images.test)
eval top1(images.test, net=teacher) as of_teacher
"""
LOSSES = {
    "no term runs it": "ce(labeled)",
    "a term runs it": "ce(labeled) + mean_teacher(random_shift(labeled, 1), labeled, teacher, net=model)",
}


def averaged(momentum: str, loss: str = "no term runs it", more: str = "") -> str:
    return NETWORK.replace("MOMENTUM", momentum).replace("LOSS", LOSSES[loss]) + more


def trained(text: str, folder: Path, steps: int = 60) -> Result:
    return run(plan_of(text, steps=steps), folder, LIBRARY, Options(is_progress_shown=False))


def statistics(tensors: dict[str, Tensor], of: str) -> dict[str, Tensor]:
    found = {name.removeprefix(of): t for name, t in tensors.items() if name.startswith(of) and "running" in name}
    assert found
    return found


@pytest.mark.parametrize("loss", LOSSES)
def test_an_average_without_memory_is_the_network_itself(loss: str, tmp_path: Path) -> None:
    metrics = trained(averaged("0", loss), tmp_path / "run", steps=20).metrics["main"]
    last = latest(tmp_path / "run" / "checkpoints")
    assert last is not None
    tensors = read_part(last, "weights")
    for name, tensor in tensors.items():
        if name.startswith("teacher/"):
            assert torch.equal(tensor, tensors[name.removeprefix("teacher/")]), name
    assert metrics["of_teacher"] == metrics["top1"]


@pytest.mark.parametrize("loss", LOSSES)
def test_an_average_evaluates_about_as_well_as_its_network(loss: str, tmp_path: Path) -> None:
    metrics = trained(averaged("0.9", loss), tmp_path / "run", steps=100).metrics["main"]
    assert metrics["of_teacher"] > metrics["top1"] - 0.05  # with the statistics it began with: 0.1 to 0.5 below


def test_the_average_of_a_stage_without_memory_is_the_network_itself(tmp_path: Path) -> None:
    plain = trained(averaged("0"), tmp_path / "plain", steps=20)
    average = trained(averaged("0", more="average = polyak(momentum=0)\n"), tmp_path / "average", steps=20)
    assert average.metrics == plain.metrics
    kept, own = (final_weights(tmp_path / "average", "main", average=wanted) for wanted in (True, False))
    assert kept.keys() == own.keys()
    assert all(torch.equal(kept[name], own[name]) for name in own)


def test_the_average_of_a_stage_keeps_averaged_statistics(tmp_path: Path) -> None:
    trained(averaged("0", more="average = polyak(momentum=0.9)\n"), tmp_path / "run", steps=20)
    kept, own = (final_weights(tmp_path / "run", "main", average=wanted) for wanted in (True, False))
    for name, tensor in statistics(own, "encoder.").items():
        assert not torch.equal(kept[f"encoder.{name}"], tensor), name


@pytest.mark.parametrize("loss", LOSSES)
def test_statistics_follow_with_the_share_of_the_weights_after_a_plain_mean(loss: str) -> None:
    """With a momentum of 2/3, the mean of the first three steps, and from then on a third of the new."""
    made = stage_parts(plan_of(averaged("2/3", loss)))
    modules = made.state.modules
    expected: dict[str, Tensor] = {}
    for step in range(5):
        take_step(made, step)
        share = 1 / min(step + 1, 3)
        for name, tensor in statistics(dict(modules["encoder"].named_buffers()), "").items():
            before = expected.get(name, torch.zeros_like(tensor))
            expected[name] = before + share * (tensor - before)
        found = statistics(dict(modules["teacher/encoder"].named_buffers()), "")
        for name, tensor in found.items():
            torch.testing.assert_close(tensor, expected[name], rtol=1e-5, atol=1e-6)


def test_counts_are_taken_over() -> None:
    average, live = {"count": torch.tensor(0)}, {"count": torch.tensor(7)}
    moving = Moving(average, live, lambda step, steps: 0.9, frozenset({"count"}))
    moving.begin()
    moving.update(3, 10)
    assert average["count"].item() == 7


def test_what_moves_the_statistics_of_an_average_within_a_step_is_undone() -> None:
    average, live = {"mean": torch.tensor([1.0])}, {"mean": torch.tensor([3.0])}
    moving = Moving(average, live, lambda step, steps: 0.5, frozenset({"mean"}))
    moving.begin()
    average["mean"].fill_(1000)
    moving.update(9, 10)
    assert average["mean"].item() == 2


def test_statistics_stand_still_where_a_step_does_not_count() -> None:
    average, live = {"mean": torch.tensor([1.0])}, {"mean": torch.tensor([3.0])}
    moving = Moving(average, live, lambda step, steps: None, frozenset({"mean"}))
    moving.begin()
    moving.update(9, 10)
    assert average["mean"].item() == 1
