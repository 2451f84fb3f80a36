"""A run is continued only as the experiment that it began as; what has changed is said by its meaning."""

from pathlib import Path

import pytest
from using import message, run, ssldsl, write


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The folder of a run with an edit, whose spec uses a file of definitions and a file of ops."""
    assert run(write(tmp_path), "--set", "optimizer.lr=0.2").return_value == 0
    (found,) = (tmp_path / "runs").iterdir()
    return found


def resume(folder: Path) -> str:
    return message(ssldsl("resume", folder, "--no-progress", "--no-report"))


def replace(path: Path, right: str, wrong: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert right in text
    path.write_text(text.replace(right, wrong), encoding="utf-8")


def test_the_folder_holds_the_files_that_the_spec_uses(folder: Path) -> None:
    for name in ("common.ssl", "my_ops.py"):
        assert (folder / "used" / name).read_text() == (folder.parents[1] / name).read_text()


def test_an_edit_of_the_spec_in_the_folder_is_said_by_its_meaning(folder: Path) -> None:
    replace(folder / "spec.ssl", "tiny(width=4)", "tiny(width=8)")
    replace(folder / "spec.ssl", "0.1*small", "0.5*small")
    text = resume(folder)
    assert "error[R410]" in text
    assert "semantic: encoder.width  4 -> 8" in text
    assert "semantic: main.loss.small.weight  0.1 -> 0.5" in text
    assert text.count("semantic:") == 2  # the edit of the command line belongs to both


def test_an_edit_that_changes_no_meaning_is_no_obstacle(folder: Path) -> None:
    replace(folder / "spec.ssl", "ssl 1\n", "ssl 1\n# a remark\n")
    assert ssldsl("resume", folder, "--no-progress", "--no-report").return_value == 0


def test_how_a_run_is_carried_out_is_said_anew(folder: Path) -> None:
    pytest.importorskip("tensorboard")
    how = ("--checkpoint-every", "1", "--tracker", "tensorboard", "--workers", "0")
    assert ssldsl("resume", folder, "--no-progress", "--no-report", *how).return_value == 0
    assert (folder / "tracking").is_dir()


def test_a_change_of_a_file_that_the_spec_uses_is_said_by_its_meaning(folder: Path) -> None:
    replace(folder.parents[1] / "common.ssl", "mean(spread(net(x)))", "mean(spread(net(x), power=3.0))")
    assert "semantic: main.loss.small.power  2.0 -> 3.0" in resume(folder)


def test_a_change_of_an_op_names_the_op_and_its_new_default(folder: Path) -> None:
    replace(folder.parents[1] / "my_ops.py", "power: PositiveFloat = 2.0", "power: PositiveFloat = 4.0")
    text = resume(folder)
    assert "the source of the op `spread` has changed" in text
    assert "semantic: main.loss.small.power  2.0 -> 4.0" in text
