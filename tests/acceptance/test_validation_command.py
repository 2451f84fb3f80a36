"""`ssldsl validation`: what it finds about real runs is what their weights say by hand; what it refuses."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import save_file
from small_specs import classifier
from torch.nn import functional
from using import message, run, ssldsl

from ssldsl.report.validation.analysis import subsets
from ssldsl.runtime.folder.stage_end import final_weights
from ssldsl.stdlib.data.digits import digits

SPEC = (
    classifier('width=4, norm="none"')
    + """\
optimizer = adam(lr=0.01)
average   = polyak(half_life=2it)
batch     = 20
run       = 40it
evaluate  = 100%
eval confusion_matrix(images.test)
eval knn(images.test, images.train) as knn
eval top1(images.test)
eval top5(images.test) as among_five
eval top1(images.train.holdout(300, seed=1)) as validation
"""
)


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three short runs."""
    folder = tmp_path_factory.mktemp("validation")
    (folder / "short.ssl").write_text(SPEC, "utf-8")
    assert run(folder / "short.ssl", "--seed", "0..2").return_value == 0
    return folder / "runs"


def logits_by_hand(weights: dict[str, torch.Tensor], images: torch.Tensor) -> torch.Tensor:
    for block in range(3):
        conv = (weights[f"encoder.blocks.{block}.0.{name}"] for name in ("weight", "bias"))
        images = functional.conv2d(images, *conv, padding=1)
        images = (functional.max_pool2d(images, 2) if block < 2 else images).relu()
    return images.mean((2, 3)) @ weights["classes.map.weight"].T + weights["classes.map.bias"]


def by_hand(runs: Path) -> tuple[np.ndarray, np.ndarray]:
    """Whether every run is right about every test image, from its averaged weights; and the labels."""
    test = digits()["test"]
    batch = test.read(torch.arange(len(test)))
    found = [
        logits_by_hand(final_weights(folder, "main", average=True), batch["image"]).argmax(1)
        for folder in sorted(runs.glob("short-s*"))
    ]
    return np.stack([(own == batch["label"]).numpy() for own in found]), batch["label"].numpy()


def test_accuracies_correlations_and_regret_are_those_of_the_stored_weights(runs: Path) -> None:
    done = ssldsl("validation", runs, "--metric", "top1", "--sizes", "20", "--draws", "6", "--seed", "3", "--json")
    data = json.loads(done.stdout)
    right, labels = by_hand(runs)
    whole = right.mean(axis=1)
    assert [r["accuracy"] for r in data["runs"]] == pytest.approx(whole.tolist())
    drawn = np.array([[own[rows].mean() for own in right] for rows in subsets(labels, 20, 6, seed=3)])
    assert np.allclose(data["sizes"][0]["accuracies"], drawn)
    expected = np.mean([np.corrcoef(own, whole)[0, 1] for own in drawn])
    assert data["sizes"][0]["pearson"]["mean"] == pytest.approx(expected)
    regrets = [whole.max() - whole[own == own.max()].mean() for own in drawn]
    assert data["sizes"][0]["regret"]["mean"] == pytest.approx(np.mean(regrets))


def test_the_first_metric_that_says_who_is_right_is_taken(runs: Path) -> None:
    """Not the confusion matrix, nor the vote of neighbors, which stand before it."""
    done = ssldsl("validation", runs, "--sizes", "10", "--draws", "2")
    assert done.stdout.startswith("top1 of 3 runs, 360 samples of 10 classes, 2 draws of every size, seed 0\n")


def test_another_metric_is_taken_by_name_with_its_own_data_and_settings(runs: Path) -> None:
    wide = json.loads(ssldsl("validation", runs, "--metric", "among_five", "--json").stdout)
    assert [size["samples"] for size in wide["sizes"]] == [10, 50, 360]
    held = json.loads(ssldsl("validation", runs, "--metric", "validation", "--sizes", "30", "--json").stdout)
    assert held["samples"] == 300
    for data, name in ((wide, "among_five"), (held, "validation")):
        recorded = [
            json.loads((Path(r["folder"]) / "summary.json").read_bytes())["stages"]["main"][name] for r in data["runs"]
        ]
        assert [r["accuracy"] for r in data["runs"]] == pytest.approx(recorded, abs=1e-6)


def test_a_page_is_written(runs: Path, tmp_path: Path) -> None:
    done = ssldsl("validation", runs, "--draws", "2", "-o", tmp_path / "page.html")
    assert done.return_value is None
    assert (tmp_path / "page.html").read_text("utf-8").startswith("<!doctype html>")


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("--metric", "confusion_matrix"), "R428", "`confusion_matrix` of the run in"),
        (("--metric", "knn"), "R428", "not the share of samples"),
        (("--metric", "top2"), "R307", "did you mean `top1`?"),
        (("--stage", "mian"), "R304", "did you mean `main`?"),
        (("--sizes", "5"), "R304", "there are 10 classes"),
        (("--sizes", "10,400"), "R304", "there are 360 samples"),
        (("--sizes", "ten"), "R304", "no list of numbers"),
    ],
    ids=["matrix", "bank", "metric", "stage", "below-a-class", "above-all", "no-number"],
)
def test_what_cannot_be_asked_is_said(runs: Path, arguments: tuple[str, ...], code: str, said: str) -> None:
    text = message(ssldsl("validation", runs, *arguments))
    assert text.startswith(f"error[{code}]") and said in text


def test_two_runs_are_too_few(runs: Path) -> None:
    text = message(ssldsl("validation", *sorted(runs.glob("short-s*"))[:2]))
    assert text.startswith("error[R429]: 2 runs are too few")


def test_runs_of_other_data_are_no_company(runs: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.ssl"
    other.write_text(SPEC.replace("top1(images.test)", "top1(images.train.holdout(200))"), "utf-8")
    run(other)
    text = message(ssldsl("validation", *runs.glob("short-s*"), tmp_path / "runs", "--metric", "top1"))
    assert "error[R429]: the runs were not evaluated on the same samples" in text
    assert "`top1` on 360 samples of 10 classes" in text and "on 200 samples of 10 classes" in text


def copied(runs: Path, tmp_path: Path, **changes: object) -> Path:
    """The runs, of which one's summary says something else."""
    shutil.copytree(runs, tmp_path / "runs")
    file = tmp_path / "runs" / "short-s1-1" / "summary.json"
    file.write_text(json.dumps({**json.loads(file.read_bytes()), **changes}), "utf-8")
    return tmp_path / "runs"


def test_runs_that_have_not_ended_are_named(runs: Path, tmp_path: Path) -> None:
    text = message(ssldsl("validation", copied(runs, tmp_path, status="interrupted")))
    assert "error[R429]: some runs are not finished" in text and "short-s1-1 is interrupted" in text


def test_a_run_that_does_not_give_what_it_recorded_is_refused(runs: Path, tmp_path: Path) -> None:
    text = message(ssldsl("validation", copied(runs, tmp_path, stages={"main": {"top1": 0.99}})))
    assert "error[R429]: a run does not give any more what it recorded" in text and "was 0.9900" in text


LABELING = """\
ssl 1
data   images  = digits()
stream labeled = images.train.subset(50, seed=0)
net    encoder = convnet(width=4)
head   classes = linear(encoder.dim, images.classes)
net    clf     = encoder >> classes
stage joint { loss = ce(labeled) run = 2it batch = 10 }
stage retrain after joint {
  stream pseudo = images.train.pseudo_label(joint.clf(images.train))
  loss  = ce(pseudo)
  run   = 2it
  batch = 10
  eval top1(pseudo) as own
  eval top1(images.test)
}
"""


def test_runs_are_not_judged_by_labels_of_their_own(tmp_path: Path) -> None:
    (tmp_path / "labeling.ssl").write_text(LABELING, "utf-8")
    run(tmp_path / "labeling.ssl", "--seed", "0..2")
    text = message(ssldsl("validation", tmp_path / "runs"))
    assert text.startswith("error[R428]: `own` of the run in") and "labels that `pseudo_label` made" in text
    assert ssldsl("validation", tmp_path / "runs", "--metric", "top1", "--draws", "2").stdout.startswith(
        "top1 of 3 runs"
    )


BESIDE = """\
ssl 1
use "ops.py"
data   images  = image_folder(path="{pictures}")
stream labeled = images.train >> resize(8)
net    encoder = given(weights="given.safetensors")
head   classes = linear(encoder.dim, images.classes)
loss      = ce(labeled)
optimizer = sgd(lr=0.1)
batch     = 4
run       = 2it
eval top1(images.test.subset(names="few.txt") >> resize(8))
"""
GIVEN = '''\
"""A network that begins with weights from a file."""

from torch import Tensor, nn

from ssldsl.ops import Features, File, Images, op
from ssldsl.ops.weights import load_weights


@op()
class Given(nn.Module):
    """The mean of three maps."""

    def __init__(self, *, weights: File) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 3, 1)
        load_weights(self.conv, weights)

    def forward(self, images: Images[Tensor, "batch 3 height width"]) -> Features[Tensor, "batch 3"]:
        """Means over all places."""
        return self.conv(images).mean((2, 3))
'''


def test_files_of_a_spec_are_found_wherever_the_question_is_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its ops, its weights and its lists of samples lie beside it; the runs were started there."""
    home = tmp_path / "home"
    for split in ("train", "test"):
        for number in range(12):
            path = home / "pictures" / split / "ab"[number % 2] / f"{number}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.new("RGB", (8, 8), (20 * number, 0, 0)).save(path)
    (home / "ops.py").write_text(GIVEN, "utf-8")
    (home / "few.txt").write_text("".join(f"{'ab'[n % 2]}/{n}.png\n" for n in range(10)), "utf-8")
    save_file(dict(torch.nn.Conv2d(3, 3, 1).state_dict()), home / "given.safetensors")
    (home / "beside.ssl").write_text(BESIDE.format(pictures=home / "pictures"), "utf-8")
    monkeypatch.chdir(home)
    assert run(Path("beside.ssl"), "--seed", "0..2").return_value == 0
    monkeypatch.chdir(tmp_path)
    done = ssldsl("validation", "home/runs", "--draws", "2", "--sizes", "2")
    assert done.stdout.startswith("top1 of 3 runs, 10 samples of 2 classes"), done


def test_weights_are_exported_by_the_command_line(runs: Path, tmp_path: Path) -> None:
    done = ssldsl("export", runs / "short-s0-1", "-o", tmp_path / "weights", "--no-card")
    assert sorted(Path(line).name for line in done.stdout.split()) == ["classes.safetensors", "encoder.safetensors"]
