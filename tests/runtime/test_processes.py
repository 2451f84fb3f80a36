"""In double precision a run is the same however many processes and accumulated parts share it, to the last digits."""

from pathlib import Path

import pytest
import torch
from flagships import LIBRARY, NAMES, plan_of, run_all
from forked import ranks

from ssldsl.runtime.folder.checkpoint import complete_checkpoints, read_part
from ssldsl.runtime.folder.run_folder import read_lines
from ssldsl.runtime.run import Options, run

pytestmark = pytest.mark.slow
PARTS = ("weights", "average", "optimizer", "memory", "best", "best_average", "best_memory")
CLOSE = 1e-9
# Accumulated parts are batches of their own for batch normalization and for losses that compare rows.
ALONE = ("quickstart", "VAT as released", "s4l_digits", "fixmatch_digits", "daino without batch normalization")


@pytest.fixture(scope="module", params=[2, 4])
def shared(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All flagships, in two processes and in four."""
    folder = tmp_path_factory.mktemp("shared")
    ranks(folder, run_all, processes=request.param)
    return folder


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All flagships, in one process."""
    folder = tmp_path_factory.mktemp("alone")
    run_all(folder)
    return folder


def ends(folder: Path) -> dict[str, torch.Tensor]:
    """All that every stage of a run ends with."""
    found = {}
    for end in complete_checkpoints(folder / "checkpoints"):
        for part in PARTS if end.is_end else ():
            found |= {f"{end.stage}/{part}/{name}": tensor for name, tensor in read_part(end, part).items()}
    return found


def largest_difference(one: dict[str, torch.Tensor], two: dict[str, torch.Tensor]) -> float:
    assert one.keys() == two.keys()
    return max((one[key].double() - two[key].double()).abs().max().item() for key in one)


@pytest.mark.parametrize("name", NAMES)
def test_several_processes_are_one_in_double_precision(shared: Path, alone: Path, name: str) -> None:
    assert largest_difference(ends(alone / name), ends(shared / name)) < CLOSE


def test_what_is_watched_is_the_mean_over_the_rows_of_all_processes(shared: Path, alone: Path) -> None:
    one, two = (
        [line["watch"] for line in read_lines(folder / "mixed batches with averages")[0] if "watch" in line]
        for folder in (alone, shared)
    )
    assert len(one) == 8
    assert all(a == pytest.approx(b, abs=CLOSE) for a, b in zip(one, two, strict=True))


@pytest.mark.parametrize("parts", [2, 4])
@pytest.mark.parametrize("name", ALONE)
def test_accumulated_parts_are_one_batch_in_double_precision(
    alone: Path, tmp_path: Path, name: str, parts: int
) -> None:
    stages = [stage.name for stage in plan_of(name).stages]
    edits = [f"accumulate={parts}"] if stages == ["main"] else [f"{stage}.accumulate={parts}" for stage in stages]
    run(plan_of(name, *edits), tmp_path / "parts", LIBRARY, Options(is_progress_shown=False, keeps_state=True))
    assert largest_difference(ends(alone / name), ends(tmp_path / "parts")) < CLOSE


def test_what_is_computed_with_is_in_double_precision_throughout(alone: Path) -> None:
    for name in NAMES:
        held = {key: t for key, t in ends(alone / name).items() if not key.endswith("::step")}  # Adam counts in single
        assert {t.dtype for t in held.values() if t.is_floating_point()} == {torch.float64}
