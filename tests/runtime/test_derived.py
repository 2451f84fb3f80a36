"""A stage trains on labels that an earlier stage's network gives: the right ones, once, and the same after a resume."""

import json
import signal
from functools import partial
from pathlib import Path
from typing import Any

import killed_labels
import pytest
import torch
from derived_specs import KEPT, LIBRARY, SURE, carried_out, plan_of, text
from forked import alone, ranks
from PIL import Image
from safetensors.torch import load_file
from shared_labels import label
from torch import Tensor, nn

from ssldsl.errors import SpecError
from ssldsl.runtime import derive
from ssldsl.runtime.data.datasets import Datasets
from ssldsl.runtime.data.derived import Computed, Derived
from ssldsl.runtime.evaluate.evaluator import Evaluator
from ssldsl.runtime.folder.checkpoint import complete_checkpoints, latest, read_part
from ssldsl.runtime.folder.records import TIMINGS
from ssldsl.runtime.folder.run_folder import read_lines
from ssldsl.runtime.folder.stage_end import final_weights
from ssldsl.runtime.nets.build import build_modules
from ssldsl.runtime.run import Options, run
from ssldsl.runtime.train.loop import Trainer
from ssldsl.stdlib.data.digits import digits

HERE = Path(__file__).parent


def kept(folder: Path) -> dict[str, Tensor]:
    """What the run folder holds of derived data."""
    (path,) = (folder / "derived").iterdir()
    return load_file(path)


def outcome(folder: Path) -> tuple[dict[str, bytes], list[dict[str, Any]]]:
    """Final weights as bytes, and the records without their timings."""
    last = latest(folder / "checkpoints")
    assert last is not None
    weights = {name: tensor.numpy().tobytes() for name, tensor in read_part(last, "weights").items()}
    return weights, [{k: v for k, v in line.items() if k not in TIMINGS} for line in read_lines(folder)[0]]


def train_rows(ids: Tensor) -> list[int]:
    """Where in the training images the samples of these numbers are."""
    order = {number: row for row, number in enumerate(digits()["train"].ids.tolist())}
    return [order[number] for number in ids.tolist()]


def known_rows() -> list[int]:
    """Where the labeled samples are."""
    stage = plan_of(text()).stages[0]
    return train_rows(Datasets(LIBRARY).samples(stage, stage.streams[0].data).ids)


def true_labels() -> Tensor:
    labels = digits()["train"].labels
    assert labels is not None
    return labels


def judged(folder: Path, *, average: bool) -> Tensor:
    """Scores of the training images, averaged over four turns, by the network that `joint` left: by hand."""
    plan = plan_of(text())
    modules = build_modules(plan, {}, LIBRARY)
    modules.load_state_dict(final_weights(folder, "joint", average=average))
    images = digits()["train"].read(torch.arange(1437))["image"]
    turned = torch.stack([images.rot90(k, dims=(2, 3)) for k in range(4)])
    net = nn.Sequential(modules["encoder"], modules["classes"]).eval()
    with torch.no_grad():
        return torch.stack([net(view) for view in turned]).mean(dim=0)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run that nobody stopped."""
    folder = tmp_path_factory.mktemp("whole") / "run"
    assert carried_out(plan_of(text()), folder).status == "finished"
    return folder


def test_labels_are_those_of_the_averaged_weights_over_all_views(whole: Path) -> None:
    found, scores = kept(whole), judged(whole, average=True)
    expected = scores.argmax(dim=1)
    expected[known_rows()] = true_labels()[known_rows()]
    assert train_rows(found["ids"]) == list(range(1437))
    assert torch.equal(found["labels"], expected)
    assert not torch.equal(judged(whole, average=False).argmax(dim=1), scores.argmax(dim=1))


def test_views_are_averaged_batch_by_batch_so_one_row_of_every_sample_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept_rows: list[int] = []
    joined = Evaluator._joined

    def watched(self: Evaluator, parts: list[Tensor], samples: int) -> Tensor:
        kept_rows.extend(len(part) for part in parts if self.earlier)
        return joined(self, parts, samples)

    monkeypatch.setattr(Evaluator, "_joined", watched)
    carried_out(plan_of(text()), tmp_path / "run", stop_after=11)
    assert sum(kept_rows) == 1437 and len(kept_rows) > 20


def test_a_line_of_the_records_says_what_came_out(whole: Path) -> None:
    (line,) = [line for line in read_lines(whole)[0] if "labels" in line]
    labels, others = kept(whole)["labels"], torch.ones(1437, dtype=torch.bool)
    others[known_rows()] = False
    assert (line["stage"], line["step"]) == ("retrain", 0)
    assert line["labels"]["pseudo"] == {
        "samples": 1437,
        "kept": 1437,
        "known": 200,
        "per_class": labels.bincount().tolist(),
        "agreement": pytest.approx((labels == true_labels())[others].double().mean().item()),
    }


def test_counts_of_large_data_are_said_to_the_last_sample() -> None:
    field = {"fewest": 0, "most": 3, "empty": 49_950, "confidence": 0.98765}
    said = str(Computed(samples=50_000, kept=50_000, labels=None, fields={"neighbor": field}))
    assert said == "50000 of 50000 samples; `neighbor`: fewest 0, most 3, empty 49950, confidence 0.9877"


def test_a_table_of_numbers_has_no_line_of_it(whole: Path) -> None:
    steps = [row.split(",")[:2] for row in (whole / "metrics.csv").read_text().splitlines()]
    assert ["retrain", "0"] not in steps and ["retrain", "6"] in steps


def test_weights_are_put_back_for_what_init_takes_over(whole: Path, tmp_path: Path) -> None:
    plan = plan_of(text(second="1it"))
    stage = plan.stages[1].model_copy(
        update={"optimizer": plan.stages[1].optimizer.model_copy(update={"settings": {"lr": 0.0}})}
    )
    carried_out(plan.model_copy(update={"stages": (plan.stages[0], stage)}), tmp_path / "run")
    before, after = (final_weights(tmp_path / "run", name, average=False) for name in ("joint", "retrain"))
    assert all(torch.equal(before[name], after[name]) for name in before)


@pytest.mark.parametrize("stops", [(12,), (10, 3), (3, 8, 2)], ids=str)
def test_stopped_in_the_derived_stage_and_resumed_is_never_stopped(
    whole: Path, tmp_path: Path, stops: tuple[int, ...]
) -> None:
    for number, stop in enumerate(stops):
        carried_out(plan_of(text()), tmp_path / "run", resume=number > 0, stop_after=stop)
    assert carried_out(plan_of(text()), tmp_path / "run", resume=True).status == "finished"
    assert outcome(tmp_path / "run") == outcome(whole)


def test_a_resumed_stage_reads_the_labels_and_does_not_compute_them(
    whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    carried_out(plan_of(text()), tmp_path / "run", stop_after=12)
    monkeypatch.setattr(derive.DerivedBuilder, "_compute", None)
    carried_out(plan_of(text()), tmp_path / "run", resume=True)
    assert outcome(tmp_path / "run") == outcome(whole)


def test_labels_that_were_lost_are_computed_again(whole: Path, tmp_path: Path) -> None:
    carried_out(plan_of(text()), tmp_path / "run", stop_after=12)
    next((tmp_path / "run" / "derived").iterdir()).unlink()
    carried_out(plan_of(text()), tmp_path / "run", resume=True)
    assert outcome(tmp_path / "run") == outcome(whole)


def test_a_damaged_file_of_labels_is_said(tmp_path: Path) -> None:
    carried_out(plan_of(text()), tmp_path / "run", stop_after=12)
    next((tmp_path / "run" / "derived").iterdir()).write_bytes(b"no labels")
    with pytest.raises(SpecError) as caught:
        carried_out(plan_of(text()), tmp_path / "run", resume=True)
    assert [d.code for d in caught.value.diagnostics] == ["R408"]


@pytest.mark.slow
def test_killed_in_the_middle_of_the_pass_and_resumed_is_never_killed(whole: Path, tmp_path: Path) -> None:
    for moment in ("pass", "write"):
        assert alone(tmp_path, partial(killed_labels.label, tmp_path / "run", moment)) == -signal.SIGKILL
    assert [c.stage for c in complete_checkpoints(tmp_path / "run" / "checkpoints")][-1] == "joint"
    carried_out(plan_of(text()), tmp_path / "run", resume=True)
    assert outcome(tmp_path / "run") == outcome(whole)


@pytest.mark.slow
def test_two_processes_label_as_one(whole: Path, tmp_path: Path) -> None:
    ranks(tmp_path, label)
    one, two = kept(whole), kept(tmp_path / "run")
    assert torch.equal(one["ids"], two["ids"]) and (one["labels"] != two["labels"]).float().mean() < 0.002
    first, second = (final_weights(f, "retrain", average=False) for f in (whole, tmp_path / "run"))
    assert all(torch.allclose(first[name], second[name], atol=1e-3) for name in first)


def test_doubtful_samples_are_left_out_and_an_epoch_stays_as_long(tmp_path: Path) -> None:
    plan = plan_of(text(pseudo=SURE, second="1ep"))
    assert plan.stages[1].steps == 1437 // 40
    carried_out(plan, tmp_path / "run", stop_after=12)
    found = kept(tmp_path / "run")
    (line,) = [line for line in read_lines(tmp_path / "run")[0] if "labels" in line]
    assert 0 < len(found["ids"]) == line["labels"]["pseudo"]["kept"] < 1437
    modules = build_modules(plan, {}, LIBRARY)
    modules.load_state_dict(final_weights(tmp_path / "run", "joint", average=False))
    images = digits()["train"].read(torch.arange(1437))["image"]
    with torch.no_grad():
        sure = nn.Sequential(modules["encoder"], modules["classes"]).eval()(images).softmax(1).amax(1) > 0.3
    assert train_rows(found["ids"]) == sure.nonzero().squeeze(1).tolist()


def test_nothing_left_is_said_at_the_line_of_the_labels(tmp_path: Path) -> None:
    plan = plan_of(text(pseudo=SURE.replace("0.3", "0.99999999"), first="1it"))
    with pytest.raises(SpecError) as caught:
        carried_out(plan, tmp_path / "run")
    (found,) = caught.value.diagnostics
    assert found.code == "R431" and found.span is not None and found.span.text.startswith("images.train.pseudo_label")


def test_a_part_of_labeled_data_is_chosen_by_the_new_labels(tmp_path: Path) -> None:
    plan = plan_of(text(pseudo=f"{KEPT}.subset(100, seed=1)", second="2it"))
    assert plan.stages[1].streams[0].size == 100
    carried_out(plan, tmp_path / "run")
    stage, found = plan.stages[1], kept(tmp_path / "run")
    node = next(n.id for n in stage.nodes if n.op == "pseudo_label")
    train = digits()["train"].take(torch.tensor(train_rows(found["ids"])))
    made = {node: train.with_labels(found["labels"])}
    labels = Datasets(LIBRARY).samples(stage, stage.streams[0].data, made).labels
    assert labels is not None
    counts, whole = labels.bincount(minlength=10), found["labels"].bincount(minlength=10)
    assert counts.sum() == 100 and all(c >= min(w, 10) for c, w in zip(counts, whole, strict=True))


def image_files(folder: Path) -> Path:
    """Red and blue images of different sizes, as files, by their color."""
    generator = torch.Generator().manual_seed(0)
    for split, count in (("train", 20), ("val", 6), ("test", 6)):
        for number in range(count):
            name, channel = (("blue", 2), ("red", 0))[number % 2]
            side = 12 + number % 5
            pixels = torch.randint(80, (side, side, 3), generator=generator, dtype=torch.uint8)
            pixels[..., channel] += 150
            path = folder / split / name / f"{number:03}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(pixels.numpy()).save(path)
    return folder


FILES = """
ssl 1
data   images  = image_folder("{path}")
view   seen    = resize(8)
stream labeled = images.train.subset(8, seed=0) >> random_crop(8) >> seen
net    encoder = convnet(width=4)
head   classes = linear(encoder.dim, 2)
net    clf     = encoder >> classes
stage first {{
  loss      = ce(labeled)
  run       = 30it
  batch     = 8
  optimizer = sgd(lr=0.3, momentum=0.9)
}}
stage second after first {{
  stream pseudo = unlabel(images.train).pseudo_label(
    average_views(first.clf(images.train >> seen >> rotate4()), n_views=4))
  loss  = ce(pseudo >> seen)
  run   = 2it
  batch = 4
}}
"""


@pytest.mark.parametrize("workers", [0, pytest.param(2, marks=pytest.mark.slow)])
def test_images_in_files_are_labeled_too(tmp_path: Path, workers: int) -> None:
    plan = plan_of(FILES.format(path=image_files(tmp_path / "images")))
    options = Options(is_progress_shown=False, keeps_state=True, workers=workers)
    assert run(plan, tmp_path / "run", LIBRARY, options).status == "finished"
    assert kept(tmp_path / "run")["labels"].tolist() == [0] * 10 + [1] * 10
    (line,) = [line for line in read_lines(tmp_path / "run")[0] if "labels" in line]
    assert line["labels"]["pseudo"] == {
        "samples": 20, "kept": 20, "known": 0, "per_class": [10, 10], "agreement": 1.0
    }  # fmt: skip


def test_the_labeled_data_of_a_finished_run_are_read_from_its_folder(whole: Path) -> None:
    stage = plan_of(text()).stages[1]
    samples = Derived(stage, Datasets(LIBRARY), LIBRARY, whole).samples(stage.streams[0].data)
    assert samples.labels is not None and torch.equal(samples.labels, kept(whole)["labels"])


def test_before_the_stage_begins_all_labels_are_zero() -> None:
    stage = plan_of(text()).stages[1]
    labels = Datasets(LIBRARY).samples(stage, stage.streams[0].data).labels
    assert labels is not None and len(labels) == 1437 and not labels.any()


def test_labels_of_labels(tmp_path: Path) -> None:
    third = """
stage again after retrain {
  stream more = images.train.pseudo_label(
    average_views(retrain.clf(images.train >> rotate4()), n_views=4), labeled=labeled)
  stream both = more.pseudo_label(joint.clf(more))
  loss  = ce(more) + ce(both)
  run   = 2it
  batch = 20
}
"""
    carried_out(plan_of(text() + third), tmp_path / "run")
    (line,) = [line for line in read_lines(tmp_path / "run")[0] if line["stage"] == "again" and "labels" in line]
    assert set(line["labels"]) == {"more", "both"} and line["labels"]["both"]["known"] == 0
    assert len(list((tmp_path / "run" / "derived").iterdir())) == 3


def test_a_stage_that_reads_the_same_labels_does_not_compute_them_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spec = (
        text()
        .replace("stage joint", f"stream pseudo = {KEPT}\nstage joint")
        .replace("  stream pseudo", "  stream other")
    )
    third = "stage again after retrain {\n  loss = ce(pseudo)\n  run = 2it\n  batch = 20\n}\n"
    plan = plan_of(spec.replace("  stream other = " + KEPT, "") + third)
    carried_out(plan, tmp_path / "run", stop_after=17)
    monkeypatch.setattr(derive.DerivedBuilder, "_compute", None)
    assert carried_out(plan, tmp_path / "run", resume=True).status == "finished"
    assert len(list((tmp_path / "run" / "derived").iterdir())) == 1


def test_a_smoke_run_labels_made_up_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Datasets, "samples", None)  # nobody may open a data set
    plan = plan_of(text(), smoke=True)
    assert carried_out(plan, tmp_path / "run").status == "finished"
    assert len(kept(tmp_path / "run")["labels"]) <= 64


def test_an_error_of_the_op_is_said_with_its_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(self: object, node: object, tensors: object) -> None:
        raise derive.NodeFailure(node, ValueError("too few"))

    monkeypatch.setattr(derive.DerivedBuilder, "call", broken)
    with pytest.raises(
        SpecError, match="`pseudo_label` failed before the first step of stage `retrain`: ValueError: too few"
    ):
        carried_out(plan_of(text()), tmp_path / "run")


def test_what_a_run_learned_is_a_sensible_label(tmp_path: Path) -> None:
    pseudo = "unlabeled.pseudo_label(joint.average.clf(unlabeled), labeled=labeled)"
    carried_out(plan_of(text(pseudo=pseudo, first="150it", second="40it")), tmp_path / "run")
    (line,) = [line for line in read_lines(tmp_path / "run")[0] if "labels" in line]
    assert line["labels"]["pseudo"]["agreement"] > 0.85
    summary = json.loads((tmp_path / "run" / "summary.json").read_text())
    assert summary["stages"]["retrain"]["top1"] > 0.85


def test_the_trainer_never_sees_the_labels_of_the_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[Tensor] = []
    train = Trainer.train

    def watched(self: Trainer, first: int, **measured: bool) -> Any:
        if self.parts.stage.name == "retrain":
            seen.extend(self.parts.feed.batch_at(step)["pseudo.label"] for step in range(3))
            seen.extend(self.parts.feed.batch_at(step)["pseudo.index"] for step in range(3))
        return train(self, first, **measured)

    monkeypatch.setattr(Trainer, "train", watched)
    carried_out(plan_of(text()), tmp_path / "run")
    found = kept(tmp_path / "run")
    labels = dict(zip(found["ids"].tolist(), found["labels"].tolist(), strict=True))
    assert torch.cat(seen[:3]).tolist() == [labels[number] for number in torch.cat(seen[3:]).tolist()]
