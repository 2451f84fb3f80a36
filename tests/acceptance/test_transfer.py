"""Features of one run judged by another: taken over by the name of its folder, left alone, read by a new head."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor
from torch.nn import functional
from using import message, run, ssldsl

from ssldsl.runtime.folder.stage_end import final_weights

PRETRAIN = """\
ssl 1
data   images    = digits()
stream unlabeled = unlabel(images.train) >> random_shift(1)
net    f         = convnet(width=4, norm="batch")
stage pretrain {
  loss      = rotation(unlabeled, encoder=f)
  optimizer = sgd(lr=0.5)
  average   = polyak(half_life=2it)
  batch     = 16
  run       = 3it
}
stage later after pretrain {
  init f from pretrain
  loss  = rotation(unlabeled, encoder=f)
  batch = 16
  run   = 2it
}
"""
TRANSFER = """\
ssl 1
data   shapes  = image_arrays(path="{home}/shapes.npz")
stream labeled = shapes.train
net    f       = convnet(width=4, norm="batch")
head   scenes  = linear(f.dim, shapes.classes)
init  f from {origin}
train scenes
loss      = ce(labeled, net=f >> scenes)
optimizer = sgd(lr=0.5)
batch     = 9
run       = 4it
eval top1(shapes.train, net=f >> scenes)
"""
BOTH = """\
ssl 1
data   images    = digits()
data   shapes    = image_arrays(path="{home}/shapes.npz", channels=1)
stream unlabeled = unlabel(images.train) >> random_shift(1)
stream labeled   = shapes.train
net    f         = convnet(width=4, norm="batch")
head   scenes    = linear(f.dim, shapes.classes)
stage pretrain {{
  loss  = rotation(unlabeled, encoder=f)
  batch = 16
  run   = 3it
}}
stage judge after pretrain {{
  init  f from pretrain
  train scenes
  loss  = ce(labeled, net=f >> scenes)
  batch = 9
  run   = 4it
  eval top1(shapes.train, net=f >> scenes)
}}
"""
FROM_RUN = 'run("runs/pretrain-s0-1")'


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a finished run of two stages, and images of three classes."""
    folder = tmp_path_factory.mktemp("transfer")
    (folder / "pretrain.ssl").write_text(PRETRAIN, "utf-8")
    assert run(folder / "pretrain.ssl").return_value == 0
    random = np.random.default_rng(0)
    images = random.integers(0, 256, (90, 1, 8, 8), dtype=np.uint8)
    np.savez(folder / "shapes.npz", data=images, label=np.arange(90) % 3)
    return folder


def transfer(home: Path, origin: str, *changes: tuple[str, str], name: str) -> Path:
    """A spec beside the pre-trained run that takes `f` over from `origin`."""
    text = TRANSFER.format(origin=origin, home=home)
    for before, after in changes:
        assert before in text
        text = text.replace(before, after)
    spec = home / f"{name}.ssl"
    spec.write_text(text, "utf-8")
    return spec


def ended(home: Path, name: str, stage: str = "main") -> dict[str, Tensor]:
    return final_weights(home / "runs" / f"{name}-s0-1", stage, average=False)


def encoder(weights: dict[str, Tensor]) -> dict[str, Tensor]:
    return {name: tensor for name, tensor in weights.items() if name.startswith("f.")}


def same(some: dict[str, Tensor], others: dict[str, Tensor]) -> bool:
    return some.keys() == others.keys() and all(torch.equal(some[name], others[name]) for name in some)


def by_hand(weights: dict[str, Tensor], images: Tensor) -> Tensor:
    """The features of the small network, from its weights and running statistics."""
    for block in range(3):
        images = functional.conv2d(images, weights[f"f.blocks.{block}.0.weight"], padding=1)
        images = functional.max_pool2d(images, 2) if block < 2 else images
        norm = {n: weights[f"f.blocks.{block}.2.{n}"] for n in ("running_mean", "running_var", "weight", "bias")}
        images = functional.batch_norm(images, **norm, training=False).relu()
    return images.mean(dim=(2, 3))


@pytest.mark.parametrize(
    ("origin", "stage", "average"),
    [
        (FROM_RUN, "later", False),
        ('run("runs/pretrain-s0-1", stage="pretrain")', "pretrain", False),
        ('run("runs/pretrain-s0-1", stage="pretrain").average', "pretrain", True),
    ],
    ids=["the-last-stage", "a-stage", "its-average"],
)
def test_a_frozen_network_of_another_run_is_taken_over_and_not_moved(
    home: Path, origin: str, stage: str, average: bool, request: pytest.FixtureRequest
) -> None:
    name = f"linear-{request.node.callspec.id}"
    assert run(transfer(home, origin, name=name)).return_value == 0
    before = encoder(final_weights(home / "runs" / "pretrain-s0-1", stage, average=average))
    assert any("running_mean" in name for name in before)
    assert same(encoder(ended(home, name)), before)


def test_the_head_has_the_classes_of_the_other_data_and_learns_by_gradient_of_the_fixed_features(home: Path) -> None:
    """The head after one step is that of logistic regression on the features of the frozen network, by hand."""
    once = ("run       = 4it", "run       = 1it"), ("batch     = 9", "batch     = 90")
    spec = transfer(home, FROM_RUN, *once, name="one")
    assert run(spec).return_value == 0
    assert run(spec, "--set", "optimizer.lr=1e-12").return_value == 0
    start = final_weights(home / "runs" / "one-optimizer.lr=1e-12-s0-1", "main", average=False)
    end = ended(home, "one")
    assert end["scenes.map.weight"].shape == (3, 16)
    with np.load(home / "shapes.npz") as arrays:
        images, labels = torch.tensor(arrays["data"]) / 255, torch.tensor(arrays["label"])
    features = by_hand(encoder(start), images)
    weight = start["scenes.map.weight"].clone().requires_grad_()
    functional.cross_entropy(features @ weight.T + start["scenes.map.bias"], labels).backward()
    assert weight.grad is not None
    torch.testing.assert_close(end["scenes.map.weight"], weight.detach() - 0.5 * weight.grad, atol=1e-5, rtol=1e-4)


def test_the_frozen_network_runs_without_gradient_and_the_head_with_it(home: Path) -> None:
    """In the printed step, the frozen network alone stands under `no_grad`."""
    code = ssldsl("compile", transfer(home, FROM_RUN, name="printed")).stdout
    assert "with torch.no_grad():\n            features = self.f(labeled_image)\n        logits = self.scenes(" in code


def test_exported_weights_give_the_same_start_as_the_run(home: Path) -> None:
    weights = encoder(final_weights(home / "runs" / "pretrain-s0-1", "later", average=False))
    save_file({name.removeprefix("f."): tensor for name, tensor in weights.items()}, home / "f.safetensors")
    run(transfer(home, FROM_RUN, name="by-run"))
    run(transfer(home, 'weights("f.safetensors")', name="by-file"))
    assert same(ended(home, "by-run"), ended(home, "by-file"))


@pytest.mark.parametrize(
    ("origin", "said"),
    [
        ('run("runs/none")', "runs/none is no run folder"),
        ('run("runs/pretrain-s0-1", stage="pretrian")', "did you mean `pretrain`?"),
        ('run("runs/pretrain-s0-1").average', "stage `later` of the run in"),
    ],
)
def test_what_another_run_does_not_have_is_said_at_the_line(home: Path, origin: str, said: str) -> None:
    text = message(run(transfer(home, origin, name="wrong")))
    assert text.startswith("error[R427]") and said in text and "wrong.ssl:6:1" in text


def test_a_stage_that_has_not_ended_hands_nothing_on(home: Path) -> None:
    folder = home / "runs" / "half"
    folder.mkdir(exist_ok=True)
    (folder / "plan.json").write_bytes((home / "runs" / "pretrain-s0-1" / "plan.json").read_bytes())
    assert "has not ended" in message(run(transfer(home, 'run("runs/half")', name="half")))


def test_weights_of_another_width_are_refused_before_the_first_step(home: Path) -> None:
    spec = transfer(home, FROM_RUN, ("width=4", "width=8"), name="wide")
    text = message(run(spec))
    assert "error[R422]: the weights of the run `runs/pretrain-s0-1` do not fit `f`" in text
    assert not (home / "runs" / "wide-s0-1").exists()


def test_a_run_whose_origin_has_changed_is_not_continued(home: Path) -> None:
    file = home / "other.safetensors"
    weights = encoder(final_weights(home / "runs" / "pretrain-s0-1", "later", average=False))
    plain = {name.removeprefix("f."): tensor for name, tensor in weights.items()}
    save_file(plain, file)
    run(transfer(home, 'weights("other.safetensors")', name="moved"))
    folder = home / "runs" / "moved-s0-1"
    assert list(json.loads((folder / "lock.json").read_bytes())["weights"]) == ["other.safetensors"]
    save_file({name: tensor + 1 for name, tensor in plain.items()}, file)
    text = message(ssldsl("resume", folder, "--no-progress", "--no-report"))
    assert "what the spec takes over from `other.safetensors` has changed" in text


def test_a_smoke_run_needs_no_other_run(home: Path) -> None:
    assert run(transfer(home, 'run("runs/none")', name="smoke"), "--smoke").return_value == 0


def test_a_difference_of_origin_is_semantic_and_named(home: Path) -> None:
    first = transfer(home, FROM_RUN, name="first")
    second = transfer(home, 'run("runs/pretrain-s0-1", stage="pretrain").average', name="second")
    told = ssldsl("diff", first, second).stdout
    assert "f from the end of runs/pretrain-s0-1 -> f from the average of pretrain of runs/pretrain-s0-1" in told


def test_a_later_stage_judges_frozen_features_on_other_data_with_other_classes(home: Path) -> None:
    """Both stages in one spec: the head has three outputs, the network stays as the first stage left it."""
    spec = home / "both.ssl"
    spec.write_text(BOTH.format(home=home), "utf-8")
    assert run(spec).return_value == 0
    weights = ended(home, "both", "judge")
    assert same(encoder(weights), encoder(ended(home, "both", "pretrain")))
    assert weights["scenes.map.weight"].shape == (3, 16)
    with np.load(home / "shapes.npz") as arrays:
        images, labels = torch.tensor(arrays["data"]) / 255, torch.tensor(arrays["label"])
    scores = by_hand(weights, images) @ weights["scenes.map.weight"].T + weights["scenes.map.bias"]
    recorded = json.loads((home / "runs" / "both-s0-1" / "summary.json").read_bytes())["stages"]["judge"]["top1"]
    assert recorded == pytest.approx((scores.argmax(1) == labels).float().mean().item(), abs=1e-6)
