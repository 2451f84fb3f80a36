"""A checkpoint is whole or not there: whatever interrupts its writing, the one before it stays the latest."""

import json
from pathlib import Path

import pytest
import torch

from ssldsl.errors import SpecError
from ssldsl.runtime.folder import checkpoint, retention
from ssldsl.runtime.folder.checkpoint import (
    Tensors,
    complete_checkpoints,
    latest,
    read_part,
    read_state,
    write_checkpoint,
)

TENSORS: Tensors = {
    "weights": {"a.weight": torch.arange(6.0).view(2, 3)},
    "optimizer": {"a.weight::step": torch.ones(())},
}


def write(folder: Path, step: int, *, number: int = 0, is_end: bool = False) -> Path:
    return write_checkpoint(
        folder, number=number, stage="main", step=step, is_end=is_end, tensors=TENSORS, state={"step": step}
    )


def test_what_is_written_is_read(tmp_path: Path) -> None:
    write(tmp_path, 5)
    found = latest(tmp_path)
    assert found is not None and (found.stage, found.step) == ("main", 5)
    assert read_part(found, "weights")["a.weight"].tolist() == [[0.0, 1.0, 2.0], [3.0, 4.0, 5.0]]
    assert read_part(found, "average") == {}
    assert read_state(found) == {"step": 5}


def test_tensors_that_share_memory_and_views_are_written(tmp_path: Path) -> None:
    both = torch.arange(6.0).view(2, 3)
    write_checkpoint(
        tmp_path, number=0, stage="main", step=1, is_end=False, tensors={"weights": {"a": both, "b": both.T}}, state={}
    )
    found = latest(tmp_path)
    assert found is not None
    assert read_part(found, "weights")["b"].tolist() == [[0.0, 3.0], [1.0, 4.0], [2.0, 5.0]]


@pytest.mark.parametrize("file", range(4))
def test_an_interrupted_write_leaves_the_one_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, file: int) -> None:
    write(tmp_path, 5)
    true_write, files = checkpoint.write_file, iter(range(4))

    def half(path: Path, content: bytes) -> None:
        if next(files) == file:
            path.write_bytes(content[: len(content) // 2])
            raise KeyboardInterrupt
        true_write(path, content)

    monkeypatch.setattr(checkpoint, "write_file", half)
    with pytest.raises(KeyboardInterrupt):
        write(tmp_path, 6)
    monkeypatch.undo()
    found = latest(tmp_path)
    assert found is not None and found.step == 5
    write(tmp_path, 6)
    assert [c.step for c in complete_checkpoints(tmp_path)] == [5, 6]


def test_a_checkpoint_that_lost_a_file_is_passed_over(tmp_path: Path) -> None:
    write(tmp_path, 5)
    (write(tmp_path, 6) / "optimizer.safetensors").unlink()
    assert [c.step for c in complete_checkpoints(tmp_path)] == [5]


def test_a_flipped_bit_is_noticed(tmp_path: Path) -> None:
    file = write(tmp_path, 5) / "weights.safetensors"
    content = bytearray(file.read_bytes())
    content[-1] ^= 1
    file.write_bytes(content)
    found = latest(tmp_path)
    assert found is not None
    with pytest.raises(SpecError, match=r"R408.*damaged"):
        read_part(found, "weights")


def test_old_ones_go_and_ends_of_stages_stay(tmp_path: Path) -> None:
    for step in range(1, 5):
        write(tmp_path, step, is_end=step == 2)
    retention.remove_old(complete_checkpoints(tmp_path), 1)
    assert [c.step for c in complete_checkpoints(tmp_path)] == [2, 4]


def test_a_later_stage_is_later_than_a_later_step(tmp_path: Path) -> None:
    write(tmp_path, 900, number=0)
    write(tmp_path, 1, number=1)
    found = latest(tmp_path)
    assert found is not None and found.serial == (1, 1)


def test_the_files_can_be_read_without_ssldsl(tmp_path: Path) -> None:
    from safetensors.torch import load_file

    folder = write(tmp_path, 5)
    assert load_file(folder / "weights.safetensors").keys() == {"a.weight"}
    assert json.loads((folder / "manifest.json").read_text())["step"] == 5
