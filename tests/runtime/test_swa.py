"""Averages by SWA are evaluated with statistics that a pass over the data estimates for their weights."""

from pathlib import Path

import pytest
import torch
from experiments import LIBRARY, plan_of
from torch import Tensor, nn
from torch.optim.swa_utils import update_bn

from ssldsl.runtime.data.feed import Batch, Feed
from ssldsl.runtime.folder.checkpoint import latest, read_part
from ssldsl.runtime.nets.build import build_modules
from ssldsl.runtime.run import Options, run

NETWORK = """
ssl 1
data   images  = digits()
stream labeled = images.train.subset(96, seed=0)
net    encoder = convnet(width=8, norm="NORM")
head   classes = linear(encoder.dim, images.classes)
loss      = ce(labeled)
batch     = 32
optimizer = sgd(lr=0.1, momentum=0.9)
average   = swa(start=4it, every=2it, statistics=PASS)
run       = 12it
evaluate  = 5it
eval top1(images.test)
"""
QUIET = Options(is_progress_shown=False)


def text(norm: str = "batch", length: str = "1ep") -> str:
    return NETWORK.replace("NORM", norm).replace("PASS", length)


def average_of(folder: Path) -> dict[str, Tensor]:
    last = latest(folder / "checkpoints")
    assert last is not None and last.is_end
    return read_part(last, "average")


@pytest.fixture
def batches(monkeypatch: pytest.MonkeyPatch) -> list[Batch]:
    """The batches that are asked for, in order."""
    seen: list[Batch] = []
    ask = Feed.batch_at

    def asked(self: Feed, step: int, part: int = 0) -> Batch:
        seen.append(ask(self, step, part))
        return seen[-1]

    monkeypatch.setattr(Feed, "batch_at", asked)
    return seen


@pytest.mark.parametrize(("length", "count"), [("1ep", 3), ("5it", 5)])
def test_statistics_are_those_of_torch_s_update_bn(
    tmp_path: Path, batches: list[Batch], length: str, count: int
) -> None:
    plan = plan_of(text(length=length))
    run(plan, tmp_path / "run", LIBRARY, QUIET)
    found = average_of(tmp_path / "run")
    modules = build_modules(plan, {"labeled.image": (1, 8, 8)}, LIBRARY)
    modules.load_state_dict(found, strict=False)
    encoder: nn.Module = modules["encoder"]
    update_bn([batch["labeled.image"] for batch in batches[-count:]], encoder)
    expected = encoder.state_dict()
    names = [name for name in expected if "running" in name]
    assert names
    for name in names:
        torch.testing.assert_close(found[f"encoder.{name}"], expected[name])


def test_without_batch_normalization_nothing_is_passed_over(tmp_path: Path, batches: list[Batch]) -> None:
    run(plan_of(text("group")), tmp_path / "run", LIBRARY, QUIET)
    assert len(batches) == 12
    plain = text("group").replace("statistics=1ep", "statistics=0it")
    run(plan_of(plain), tmp_path / "plain", LIBRARY, QUIET)
    one, two = average_of(tmp_path / "run"), average_of(tmp_path / "plain")
    assert all(torch.equal(one[name], two[name]) for name in one)


def test_the_network_that_trains_is_left_as_it_is(tmp_path: Path) -> None:
    for name, length in (("with", "1ep"), ("without", "0it")):
        run(plan_of(text(length=length)), tmp_path / name, LIBRARY, QUIET)
    parts = []
    for name in ("with", "without"):
        last = latest(tmp_path / name / "checkpoints")
        assert last is not None
        parts.append(read_part(last, "weights"))
    assert all(torch.equal(parts[0][key], parts[1][key]) for key in parts[0])


@pytest.mark.parametrize("stop", [3, 5, 8, 11])
def test_a_run_that_is_continued_ends_with_the_same_statistics(tmp_path: Path, stop: int) -> None:
    plan = plan_of(text())
    run(plan, tmp_path / "whole", LIBRARY, QUIET)
    run(plan, tmp_path / "parts", LIBRARY, Options(is_progress_shown=False, stop_after=stop))
    run(plan, tmp_path / "parts", LIBRARY, QUIET, resume=True)
    one, two = average_of(tmp_path / "whole"), average_of(tmp_path / "parts")
    assert all(torch.equal(one[name], two[name]) for name in one)
