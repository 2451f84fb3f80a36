"""What was trained is there, whatever fails after it: pictures, metrics, files, other runs, checkpoints, versions."""

import io
import json
import shutil
import sys
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from attrs import frozen
from forked import together
from PIL import Image
from safetensors.torch import load_file
from small_specs import classifier

from ssldsl import cli

SPEC = (
    classifier('width=4, norm="batch"')
    + """\
optimizer = sgd(lr=0.1)
batch     = 10
run       = 6it
eval top1(images.test)
"""
)
OPS = '''\
"""An own metric that fails while a file says so, and one that draws."""

from pathlib import Path

from torch import Tensor

from ssldsl.ops import Features, Labels, Logits, Points, op

FILE = Path({folder!r}) / "broken"


@op(role="metrics")
def fragile(logits: Logits[Tensor, "samples classes"], labels: Labels[Tensor, "samples"]) -> float:
    """Accuracy, unless the file is there."""
    if FILE.exists():
        raise ValueError("the file is there")
    return float((logits.argmax(-1) == labels).float().mean())


@op(role="metrics")
def sketch(features: Features[Tensor, "samples dim"], labels: Labels[Tensor, "samples"]) -> Points[Tensor, "samples 4"]:
    """Two features of every sample, unless the file is there."""
    if FILE.exists():
        raise ValueError("no pencil")
    import torch

    zeros = torch.zeros(len(labels), 1)
    return torch.cat([features[:, :2], labels[:, None].float(), zeros], dim=1)
'''
PICTURE = "eval sketch(encoder(images.test), images.test.label) as drawn\n"
FRAGILE = "eval fragile((encoder >> classes)(images.test), images.test.label) as own\n"


@frozen
class Said:
    """How the program ended, and all that it said."""

    exit_code: int
    output: str


def ssldsl(*arguments: object) -> Said:
    """The program as a person starts it, in this process."""
    said = io.StringIO()
    before, sys.argv = sys.argv, ["ssldsl", *map(str, arguments)]
    try:
        with redirect_stdout(said), redirect_stderr(said):
            cli.main()
    except SystemExit as end:
        return Said(int(end.code or 0), said.getvalue())
    finally:
        sys.argv = before
    raise AssertionError("the program did not end")


def spec(folder: Path, *more: str, evaluate: str = "") -> Path:
    (folder / "my_ops.py").write_text(OPS.format(folder=str(folder)))
    text = SPEC.replace("ssl 1\n", 'ssl 1\nuse "my_ops.py"\n') + "".join(more) + evaluate
    (folder / "a.ssl").write_text(text)
    return folder / "a.ssl"


def run(path: Path, *options: str) -> Said:
    return ssldsl("run", path, "--no-progress", "--no-report", "--out", path.parent / "runs", *options)


def resume(folder: Path) -> Said:
    return ssldsl("resume", folder, "--no-progress", "--no-report")


def only(folder: Path) -> Path:
    (found,) = (folder / "runs").iterdir()
    return found


def weights(folder: Path) -> dict[str, torch.Tensor]:
    out = folder.parent / f"{folder.name}-weights"
    assert ssldsl("export", folder, "--out", out).exit_code == 0
    return load_file(out / "encoder.safetensors")


def lines(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]


def test_a_picture_that_fails_is_a_note_and_is_drawn_by_resume(tmp_path: Path) -> None:
    path, trouble = spec(tmp_path, PICTURE), tmp_path / "broken"
    trouble.touch()
    result = run(path)
    folder = only(tmp_path)
    assert result.exit_code == 0
    assert "the picture `drawn` of stage `main` is not drawn" in result.output and "no pencil" in result.output
    summary = json.loads((folder / "summary.json").read_text())
    assert summary["status"] == "finished" and "no pencil" in (folder / "notes.txt").read_text()
    assert weights(folder)
    trouble.unlink()
    before = lines(folder)
    assert resume(folder).exit_code == 0
    assert (folder / "pictures" / "main-drawn.csv").is_file()
    assert lines(folder) == before


@pytest.mark.slow
def test_a_picture_that_fails_ends_no_run_of_two_processes(tmp_path: Path) -> None:
    path = spec(tmp_path, PICTURE)
    (tmp_path / "broken").touch()
    said = together(tmp_path, "run", path.name, "--no-report")
    assert "the picture `drawn` of stage `main` is not drawn" in said
    assert json.loads((only(tmp_path) / "summary.json").read_text())["status"] == "finished"


def test_a_metric_that_fails_at_the_end_leaves_the_weights_and_is_computed_by_resume(tmp_path: Path) -> None:
    path, trouble = spec(tmp_path, FRAGILE), tmp_path / "broken"
    assert run(path).exit_code == 0
    whole = only(tmp_path)
    shutil.move(whole, tmp_path / "whole")
    trouble.touch()
    result = run(path)
    folder = only(tmp_path)
    assert result.exit_code == 1
    assert "`fragile` failed at step 6" in result.output and f"ssldsl resume {folder}" in result.output
    assert all(torch.equal(t, weights(tmp_path / "whole")[name]) for name, t in weights(folder).items())
    trouble.unlink()
    assert resume(folder).exit_code == 0
    assert lines(folder)[-1]["eval"] == lines(tmp_path / "whole")[-1]["eval"]
    assert json.loads((folder / "summary.json").read_text())["status"] == "finished"


def test_a_metric_that_fails_on_the_way_is_computed_by_resume_and_training_goes_on(tmp_path: Path) -> None:
    path, trouble = spec(tmp_path, FRAGILE, evaluate="evaluate = 3it\n"), tmp_path / "broken"
    assert run(path).exit_code == 0
    shutil.move(only(tmp_path), tmp_path / "whole")
    trouble.touch()
    assert run(path).exit_code == 1
    folder = only(tmp_path)
    assert [c.name for c in (folder / "checkpoints").iterdir()] == ["00-main-00000003"]
    trouble.unlink()
    assert resume(folder).exit_code == 0
    timings = ("seconds", "images_per_second")
    plain, kept = (
        [{k: v for k, v in line.items() if k not in timings} for line in lines(f)] for f in (tmp_path / "whole", folder)
    )
    assert kept == plain
    assert all(torch.equal(t, weights(tmp_path / "whole")[name]) for name, t in weights(folder).items())


def images(folder: Path) -> Path:
    rng = np.random.default_rng(0)
    for split in ("train", "test"):
        for name in "ab":
            (folder / "D" / split / name).mkdir(parents=True)
            for i in range(6):
                pixels = rng.integers(0, 256, (16, 16, 3), dtype=np.uint8)
                Image.fromarray(pixels).save(folder / "D" / split / name / f"{i}.png")
    text = SPEC.replace("digits()", 'image_folder("D")').replace(".subset(100, seed=0)", " >> resize(16)")
    (folder / "a.ssl").write_text(
        text.replace("images.test)", "images.test >> resize(16))").replace(
            "batch     = 10", "evaluate = 6it\nbatch     = 4"
        )
    )
    return folder / "a.ssl"


@pytest.mark.parametrize("repair", ["replaced", "deleted"])
def test_a_broken_test_picture_that_is_repaired_lets_the_run_go_on(repair: str, tmp_path: Path) -> None:
    path = images(tmp_path)
    file = tmp_path / "D" / "test" / "b" / "5.png"
    good = file.read_bytes()
    file.write_bytes(good[: len(good) // 2])
    first = run(path)
    folder = only(tmp_path)
    assert first.exit_code == 1 and "R404" in first.output and "5.png" in first.output
    assert weights(folder)
    if repair == "replaced":
        file.write_bytes(good)
    else:
        file.unlink()
    second = resume(folder)
    assert second.exit_code == 0, second.output
    assert "the data of `top1` in stage `main` have changed" in second.output
    (part,) = json.loads((folder / "lock.json").read_text())["continued"]
    assert part["step"] == 6 and "`top1`" in part["notes"][0]


def test_pictures_that_are_trained_on_may_not_change(tmp_path: Path) -> None:
    path = images(tmp_path)
    assert run(path).exit_code == 0
    (tmp_path / "D" / "train" / "b" / "5.png").unlink()
    result = resume(only(tmp_path))
    assert result.exit_code == 1 and "the data of stream `labeled` in stage `main` have changed" in result.output


def test_a_damaged_newest_checkpoint_is_passed_over_with_a_word(tmp_path: Path) -> None:
    path = spec(tmp_path)
    assert run(path, "--checkpoint-every", "2").exit_code == 0
    folder = only(tmp_path)
    whole = {name: t.clone() for name, t in weights(folder).items()}
    end = folder / "checkpoints" / "00-main-00000006"
    content = bytearray((end / "weights.safetensors").read_bytes())
    content[-3] ^= 1
    (end / "weights.safetensors").write_bytes(content)
    result = resume(folder)
    assert result.exit_code == 0
    assert f"the checkpoint {end} is damaged: `weights.safetensors` is not what was written" in result.output
    assert "the run goes on from 00-main-00000004" in result.output
    again = load_file(end / "weights.safetensors")
    assert all(torch.equal(t, again[f"encoder.{name}"]) for name, t in whole.items())


@pytest.mark.parametrize("damage", ["cut off", "removed"])
def test_a_run_whose_only_checkpoint_is_damaged_begins_again_with_a_word(damage: str, tmp_path: Path) -> None:
    path = spec(tmp_path)
    assert run(path).exit_code == 0
    folder = only(tmp_path)
    file = folder / "checkpoints" / "00-main-00000006" / "weights.safetensors"
    if damage == "removed":
        file.unlink()
    else:
        file.write_bytes(file.read_bytes()[:100])
    before = lines(folder)[-1]["eval"]
    refused = ssldsl("export", folder, "-o", tmp_path / "out")
    assert refused.exit_code == 1
    assert "R408" in refused.output and f"`ssldsl resume {folder}` takes its steps again" in refused.output
    result = resume(folder)
    assert result.exit_code == 0
    assert "is damaged: files are missing or cut off" in result.output and "the run begins anew" in result.output
    assert lines(folder)[-1]["eval"] == before


def test_a_run_continued_under_other_versions_says_so_and_keeps_those_of_each_part(tmp_path: Path) -> None:
    path = spec(tmp_path)
    assert run(path).exit_code == 0
    folder = only(tmp_path)
    lock = json.loads((folder / "lock.json").read_text())
    lock["versions"] |= {"torch": "1.9.0", "ssldsl": "0.0.1"}
    (folder / "lock.json").write_text(json.dumps(lock))
    result = resume(folder)
    assert "`torch` was 1.9.0 and is" in result.output and "`ssldsl` was 0.0.1 and is" in result.output
    after = json.loads((folder / "lock.json").read_text())
    assert after["versions"]["torch"] == "1.9.0"
    (part,) = after["continued"]
    assert part["versions"]["torch"] == torch.__version__ and (part["stage"], part["step"]) == ("main", 6)
    assert "was 1.9.0" not in resume(folder).output  # it was said, and the last part is what counts


def test_runs_of_a_sweep_do_not_fall_with_one_of_them(tmp_path: Path) -> None:
    path = tmp_path / "a.ssl"
    path.write_text(SPEC + "sweep optimizer.lr in [1e30, 0.1, 1e31]\n")
    result = run(path, "--sweep")
    assert result.exit_code == 1
    assert "3 runs: 1 finished, 2 failed" in result.output
    states = {p.name: json.loads((p / "summary.json").read_text())["status"] for p in (tmp_path / "runs").iterdir()}
    assert sorted(states.values()) == ["failed", "failed", "finished"]


def test_runs_of_seeds_and_variants_do_not_fall_with_one_of_them(tmp_path: Path) -> None:
    path = tmp_path / "a.ssl"
    path.write_text(SPEC + "variant wild {\n  set optimizer.lr = 1e30\n}\n")
    result = run(path, "--variant", "wild,none", "--seed", "0,1")
    assert result.exit_code == 1 and "4 runs: 2 finished, 2 failed" in result.output
    assert "wild, seed 0" in result.output and len(list((tmp_path / "runs").iterdir())) == 4
