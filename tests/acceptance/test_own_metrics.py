"""Metrics of one's own: several numbers, arrays, what is no number. And what runs tell of metrics."""

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from using import SPEC, message, run, ssldsl

from ssldsl.runtime.folder.run_folder import read_lines, read_notes

OPS = '''\
"""Metrics of a user."""

from typing import NamedTuple

import torch
from torch import Tensor, nn

from ssldsl.ops import Labels, Logits, PositiveInt, Scalar, Values, op


class Scores(NamedTuple):
    """Several numbers."""

    right: float
    largest: Scalar[Tensor, ""]
    sizes: Values[Tensor, "classes"]


@op()
def scores(logits: Logits[Tensor, "samples classes"], labels: Labels[Tensor, "samples"]) -> Scores:
    """Several numbers at once."""
    guess = logits.argmax(dim=1)
    right = float((guess == labels).double().mean())
    return Scores(right, logits.max(), guess.bincount(minlength=logits.shape[1]).float())


@op()
def counts(logits: Logits[Tensor, "samples classes"]) -> Values[Tensor, "classes"]:
    """How many samples every class is said to have."""
    return logits.argmax(dim=1).bincount(minlength=logits.shape[1]).float()


@op()
def likeness(logits: Logits[Tensor, "samples classes"]) -> Values[Tensor, "classes classes"]:
    """How alike classes are."""
    return logits.T @ logits


@op()
class Changed(nn.Module):
    """Share of samples whose class is another one than in the evaluation before."""

    def __init__(self, samples: PositiveInt, *, first: int = -1) -> None:
        super().__init__()
        self.register_buffer("before", torch.full((samples,), first))

    def forward(self, logits: Logits[Tensor, "samples classes"]) -> float:
        """The share."""
        return float((logits.argmax(dim=1) != self.before).double().mean())

    def commit(self, logits: Logits[Tensor, "samples classes"]) -> None:
        self.before.copy_(logits.argmax(dim=1))


@op()
class Forgetful(nn.Module):
    """How many evaluations there were before, where no checkpoint has it."""

    def __init__(self) -> None:
        super().__init__()
        self.times = 0

    def forward(self, logits: Logits[Tensor, "samples classes"]) -> float:
        """The number."""
        return self.times

    def commit(self, logits: Logits[Tensor, "samples classes"]) -> None:
        self.times += 1


@op()
def undefined(logits: Logits[Tensor, "samples classes"]) -> float:
    """No number."""
    return float("nan")


@op()
def wordy(logits: Logits[Tensor, "samples classes"]) -> Tensor:
    """A text."""
    return "good"
'''
EVALS = """\
use "metrics.py"
eval scores(classes(encoder(images.test)), images.test.label)
eval counts(classes(encoder(images.test)))
eval likeness(classes(encoder(images.test)))
eval undefined(classes(encoder(images.test)))
"""


def spec(folder: Path, evals: str = EVALS, text: str = SPEC) -> Path:
    (folder / "metrics.py").write_text(OPS, encoding="utf-8")
    path = folder / "spec.ssl"
    path.write_text(text.replace("eval top1(images.test)\n", "evaluate = 1it\n" + evals), encoding="utf-8")
    return path


def folder_of(result: Any) -> Path:
    assert result.return_value == 0, result
    return Path(result.stdout.strip().splitlines()[-1])


def last(folder: Path) -> Mapping[str, Any]:
    found = [line["eval"] for line in read_lines(folder)[0] if "eval" in line]
    assert json.loads((folder / "summary.json").read_text())["stages"]["main"] == found[-1]
    return found[-1]


def test_several_numbers_arrays_and_what_is_none_are_recorded(tmp_path: Path) -> None:
    folder = folder_of(ssldsl("run", spec(tmp_path), "-o", tmp_path / "runs", "--no-progress", "--checkpoint-every", 1))
    found = last(folder)
    assert set(found) == {"scores.right", "scores.largest", "scores.sizes", "counts", "likeness", "undefined"}
    assert sum(found["counts"]) == 360 == sum(found["scores.sizes"])
    assert np.array(found["likeness"]).shape == (10, 10) and found["undefined"] is None
    assert read_notes(folder) == ("`undefined` is not a number: it is recorded as null",)
    for line in (folder / "metrics.jsonl").read_text().splitlines():
        json.loads(line, parse_constant=pytest.fail)
    table = (folder / "metrics.csv").read_text().splitlines()[0]
    assert ",eval.scores.right,eval.scores.largest,eval.scores.sizes,eval.counts,eval.likeness,eval.undefined," in table


def test_a_run_with_such_metrics_is_resumed_compared_and_shown(tmp_path: Path) -> None:
    path = spec(tmp_path)
    whole = folder_of(ssldsl("run", path, "-o", tmp_path / "runs", "--no-progress"))
    page = (whole / "report.html").read_text()
    assert "Other results" in page and "scores.right" in page and "undefined" in page
    compared = ssldsl("compare", whole).stdout
    assert "scores.right" in compared and "undefined" not in compared and "counts" not in compared
    assert ssldsl("resume", whole, "--no-progress", "--no-report").return_value == 0


def test_a_metric_that_gives_no_number_is_named_with_its_line(tmp_path: Path) -> None:
    text = message(run(spec(tmp_path, 'use "metrics.py"\neval wordy(classes(encoder(images.test)))\n')))
    assert "error[R406]: `wordy` failed at step 1 of stage `main`: it gave str, and a metric gives a number" in text
    assert "spec.ssl:12:6" in text


def test_a_metric_that_is_always_right_is_told(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", data=np.zeros((40, 8, 8), np.uint8), label=np.arange(40) % 3)
    text = SPEC.replace("digits()", 'image_arrays("a.npz")').replace(".subset(100, seed=0)", "")
    folder = folder_of(run(spec(tmp_path, "eval top5(images.train)\n", text)))
    assert last(folder) == {"top5": 1}
    assert read_notes(folder) == ("`top5`: the true class is always among the 5 best of 3 classes",)


def test_a_probe_that_is_cut_short_is_told_once(tmp_path: Path) -> None:
    probe = (
        "linear_probe_accuracy(encoder(images.test), images.test.label, encoder(labeled), labeled.label, iterations=1)"
    )
    folder = folder_of(run(spec(tmp_path, f"eval {probe}\n")))
    (note,) = read_notes(folder)
    assert "had not converged after 1 iterations: raise `iterations`" in note


def test_scores_that_are_not_numbers_are_wrong_and_told(tmp_path: Path) -> None:
    numbers = np.random.default_rng(0)
    test = numbers.normal(size=(40, 4)).astype(np.float32)
    test[:20, 2] = -3.4e38  # what some sensors give for "no data"
    np.savez(
        tmp_path / "v.npz",
        data=numbers.normal(size=(60, 4)).astype(np.float32),
        label=np.arange(60) % 5,
        test_data=test,
        test_label=np.arange(40) % 5,
    )
    text = SPEC.replace("digits()", 'vector_arrays("v.npz")').replace(".subset(100, seed=0)", "")
    text = text.replace("convnet(width=4)", "mlp(width=16)")
    folder = folder_of(run(spec(tmp_path, "eval top1(images.test)\neval confusion_matrix(images.test)\n", text)))
    found = last(folder)
    good = sum(map(sum, found["confusion_matrix"]))
    right = sum(found["confusion_matrix"][i][i] for i in range(5))
    assert good == 20 and found["top1"] == pytest.approx(right / 40) and found["top1"] <= 0.5
    assert any("20 of the 40 samples of `logits` that `top1` reads are not numbers" in n for n in read_notes(folder))


def test_the_confusion_of_thousands_of_classes_leaves_a_small_folder(tmp_path: Path) -> None:
    numbers, classes = np.random.default_rng(0), 4000
    np.savez(
        tmp_path / "v.npz",
        data=numbers.normal(size=(classes, 4)).astype(np.float32),
        label=np.arange(classes),
        test_data=numbers.normal(size=(5000, 4)).astype(np.float32),
        test_label=np.arange(5000) % classes,
    )
    text = SPEC.replace("digits()", 'vector_arrays("v.npz")').replace(".subset(100, seed=0)", "")
    text = text.replace("convnet(width=4)", "mlp(width=4)").replace("run       = 3it", "run = 2it")
    path = spec(tmp_path, "eval confusion_matrix(images.test)\n", text)
    folder = folder_of(ssldsl("run", path, "-o", tmp_path / "runs", "--no-progress"))
    assert last(folder) == {"confusion_matrix": {"file": "arrays/main-confusion_matrix.csv", "shape": [4000, 4000]}}
    cells = np.loadtxt(folder / "arrays" / "main-confusion_matrix.csv", delimiter=",", skiprows=1)
    assert cells[:, 2].sum() == 5000 and cells[:, :2].max() < 4000
    weights = sum(file.stat().st_size for file in folder.rglob("*.safetensors"))
    assert sum(file.stat().st_size for file in folder.rglob("*")) - weights < 2_000_000
    assert "taken for" in (folder / "report.html").read_text()


CHANGED = """\
use "metrics.py"
eval changed(classes(encoder(images.test)))
eval changed(classes(encoder(images.test))) as again
eval changed(classes(encoder(images.train)), first=0) as trained
"""


def test_a_metric_remembers_the_evaluation_before_also_after_a_resume(tmp_path: Path) -> None:
    whole = spec(tmp_path, CHANGED, SPEC.replace("3it", "4it"))
    straight = folder_of(run(whole, "--checkpoint-every", 2))
    found = [line["eval"] for line in read_lines(straight)[0] if "eval" in line]
    assert found[0]["changed"] == 1 and found[0]["trained"] < 1  # nothing was said before, or class 0
    assert all(line["changed"] == line["again"] for line in found)
    assert 0 < sum(line["changed"] for line in found[1:]) < 3
    checkpoint = straight / "checkpoints" / "00-main-00000002"
    for later in (straight / "checkpoints").iterdir():
        if later != checkpoint:
            shutil.rmtree(later)
    (straight / "summary.json").unlink()
    assert ssldsl("resume", straight, "--no-progress", "--no-report").return_value == 0
    assert [line["eval"] for line in read_lines(straight)[0] if "eval" in line] == found


def test_a_metric_whose_state_no_checkpoint_would_have_is_refused(tmp_path: Path) -> None:
    text = message(run(spec(tmp_path, 'use "metrics.py"\neval forgetful(classes(encoder(images.test)))\n')))
    assert "error[R406]: `forgetful` failed at step 1 of stage `main`: ValueError: `times` is no buffer" in text
    assert "register_buffer" in text and "spec.ssl:12:6" in text
