"""Two processes train what one process trains on the joined batch: losses, weights, averages, moments, metrics."""

from pathlib import Path

import pytest
import torch
from experiments import LIBRARY
from forked import ranks
from shared_run import PLANS, run_all

from ssldsl.runtime.folder.checkpoint import latest, read_part
from ssldsl.runtime.folder.run_folder import read_lines
from ssldsl.runtime.run import Options, run

pytestmark = pytest.mark.slow
PARTS = ("weights", "average", "optimizer", "memory")
# with VAT: one process with one thread and with two differ as much, since rounding turns the direction that is sought
CLOSE = {
    "group": 5e-4,
    "batch": 5e-4,
    "stages": 1e-9,
    "clusters": 1e-9,
    "uneven": 1e-9,
}  # these in double precision


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("shared")
    ranks(folder, run_all)
    return folder


def tensors(folder: Path) -> dict[str, torch.Tensor]:
    last = latest(folder / "checkpoints")
    assert last is not None
    return {f"{part}/{name}": tensor for part in PARTS for name, tensor in read_part(last, part).items()}


@pytest.mark.parametrize("name", [name for name in PLANS if name != "local"])
def test_two_processes_are_one(shared: Path, tmp_path: Path, name: str) -> None:
    run(PLANS[name], tmp_path / "one", LIBRARY, Options(is_progress_shown=False, keeps_state=True))
    one, two = tensors(tmp_path / "one"), tensors(shared / name)
    assert one.keys() == two.keys()
    assert max((one[key].double() - two[key].double()).abs().max().item() for key in one) < CLOSE.get(name, 1e-5)
    for alone, together in zip(read_lines(tmp_path / "one")[0], read_lines(shared / name)[0], strict=True):
        assert together["step"] == alone["step"]
        assert together.get("total", 0) == pytest.approx(alone.get("total", 0), abs=1e-5)
        assert together.get("eval", {}).get("top1") == pytest.approx(alone.get("eval", {}).get("top1"), abs=0.01)


def test_a_test_set_that_processes_cannot_share_equally_is_measured_whole(shared: Path, tmp_path: Path) -> None:
    """accelerate#1674, #575, #952: seven pictures, two processes, and reference samples that are no multiple of two."""
    run(PLANS["uneven"], tmp_path / "one", LIBRARY, Options(is_progress_shown=False))
    alone, together = (read_lines(folder)[0][-1]["eval"] for folder in (tmp_path / "one", shared / "uneven"))
    assert {"top1", "confused", "knn", "probe"} == together.keys()
    assert sum(map(sum, together["confused"])) == 7
    assert {k: v for k, v in together.items() if k != "probe"} == {k: v for k, v in alone.items() if k != "probe"}
    assert together["probe"] == pytest.approx(alone["probe"], abs=1 / 7 + 1e-6)  # its solver stops where rounding says


def test_statistics_of_each_process_give_another_run(shared: Path) -> None:
    assert tensors(shared / "local").keys() == tensors(shared / "batch").keys()
    assert read_lines(shared / "local")[0][0]["total"] != pytest.approx(
        read_lines(shared / "batch")[0][0]["total"], abs=1e-5
    )
