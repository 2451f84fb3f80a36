"""What can never end or never fit is said before it is tried."""

from pathlib import Path

import pytest
import torch
from experiments import LIBRARY, experiment, with_stage
from torch import nn

from ssldsl.check import check
from ssldsl.errors import SpecError
from ssldsl.passes.planning import make_plan
from ssldsl.runtime.device import memory
from ssldsl.runtime.device.memory import HugeNetwork, check_room, counted_weights
from ssldsl.runtime.run import Options, run
from ssldsl.source import Source

QUIET = Options(is_progress_shown=False)
FILES = """\
ssl 1
data   images  = image_folder("D")
stream labeled = images.train >> resize(8)
net    encoder = convnet(width=8)
head   classes = linear(encoder.dim, images.classes)
loss  = ce(labeled)
batch = 10
run   = 5e8ep
"""


def small_machine(monkeypatch: pytest.MonkeyPatch, size: float) -> None:
    monkeypatch.setattr(memory, "memory_of", lambda device: size)


def test_a_stage_whose_data_are_measured_when_it_begins_is_refused_then() -> None:
    program = check(Source("a.ssl", FILES)).unwrap()
    sizes = {symbol: 20 for stream in program.streams for symbol in [str(stream.size)]}
    sizes |= {"images.classes": 2}
    with pytest.raises(SpecError, match=r"D524.*stage `main` runs for 5e\+08ep: 1e\+09 steps"):
        make_plan(program, sizes=sizes)


def test_a_network_larger_than_the_memory_is_named_before_it_is_filled(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    small_machine(monkeypatch, 10_000)
    with pytest.raises(SpecError, match=r"R402.*`encoder` does not fit into memory"):
        run(experiment("encoder.width=64"), tmp_path / "run", LIBRARY, QUIET)
    assert not (tmp_path / "run").exists()


def test_a_huge_width_is_refused_before_numbers_are_drawn(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def filled(*arguments: object, **settings: object) -> None:
        raise AssertionError("the weights of a network that does not fit were filled")

    monkeypatch.setattr(nn.Conv2d, "reset_parameters", lambda layer: layer.weight.is_meta or filled())
    with pytest.raises(SpecError, match=r"R402.*`encoder` does not fit into memory"):
        run(experiment("encoder.width=100000000"), tmp_path / "run", LIBRARY, QUIET)


def test_weights_are_counted_over_all_layers(monkeypatch: pytest.MonkeyPatch) -> None:
    small_machine(monkeypatch, 4 * 40 * 40)
    with counted_weights():
        nn.Linear(39, 40)
    with counted_weights(), pytest.raises(HugeNetwork, match="its weights are more than"):
        nn.Sequential(nn.Linear(20, 40), nn.Linear(40, 20), nn.Linear(20, 1))
    nn.Linear(100, 100)  # nobody counts any more


def test_a_network_of_endless_layers_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "MOST_TENSORS", 9)
    with counted_weights(), pytest.raises(HugeNetwork, match="more than 9 tensors"):
        nn.Sequential(*(nn.Linear(1, 1) for _ in range(10**6)))


@pytest.mark.parametrize(("processes", "accumulate", "fits"), [(1, 1, False), (2, 1, True), (1, 2, True)])
def test_the_rows_of_one_part_must_fit(
    monkeypatch: pytest.MonkeyPatch, processes: int, accumulate: int, fits: bool
) -> None:
    plan = with_stage(experiment(), accumulate=accumulate)
    stage, shapes = plan.stages[0], {"labeled.image": (1, 8, 8), "unlabeled.image": (1, 8, 8)}
    small_machine(monkeypatch, 16 * 64 * 4 - 1)
    if fits:
        check_room(stage, shapes, processes, torch.device("cpu"))
    else:
        with pytest.raises(SpecError, match=r"R402.*no room: the rows of `labeled` alone are"):
            check_room(stage, shapes, processes, torch.device("cpu"))
