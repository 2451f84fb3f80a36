"""Pictures in files: a worker that fails is named as the step would be; sizes may differ where that can work."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from using import message, run

from ssldsl.ops.image_files import read_image
from ssldsl.runtime.folder.run_folder import read_lines

SPEC = """\
ssl 1
use "ops.py"
data   images  = image_folder(path="{pictures}")
stream labeled = images.train >> resize(16) >> center_crop(16)
net    encoder = convnet(width=4)
head   classes = linear(encoder.dim, images.classes)
loss      = ce(labeled)
optimizer = sgd(lr=0.1)
batch     = 4
run       = 2it
eval top1(images.test >> resize(16) >> center_crop(16))
"""
CLUMSY = '''\
"""An op with a mistake in it."""

from torch import Tensor

from ssldsl.ops import Images, op


@op()
def clumsy(images: Images[Tensor, "batch channels height width"]) -> Images[Tensor, "batch channels height width"]:
    """Images of a shape that they do not have."""
    return images.reshape(7, 7)
'''


@pytest.fixture
def spec(tmp_path: Path) -> Path:
    """A spec on twelve pictures of different sizes and two classes."""
    numbers = np.random.default_rng(0)
    for split in ("train", "test"):
        for count in range(12):
            folder = tmp_path / "pictures" / split / "ab"[count % 2]
            folder.mkdir(parents=True, exist_ok=True)
            height, width = numbers.integers(20, 40, 2)
            Image.fromarray(numbers.integers(0, 256, (height, width, 3), dtype=np.uint8)).save(folder / f"{count}.png")
    (tmp_path / "ops.py").write_text(CLUMSY, encoding="utf-8")
    path = tmp_path / "spec.ssl"
    path.write_text(SPEC.format(pictures=tmp_path / "pictures"), encoding="utf-8")
    return path


def change(spec: Path, right: str, wrong: str) -> None:
    text = spec.read_text(encoding="utf-8")
    assert right in text
    spec.write_text(text.replace(right, wrong, 1), encoding="utf-8")


@pytest.mark.parametrize("workers", [0, 2])
@pytest.mark.parametrize(
    ("place", "step", "line"), [("images.train", 1, "spec.ssl:4:34"), ("images.test", 2, "spec.ssl:11:26")]
)
def test_an_op_that_fails_in_a_worker_is_named_with_both_lines(
    place: str, step: int, line: str, workers: int, spec: Path
) -> None:
    change(spec, f"{place} >>", f"{place} >> clumsy() >>")
    text = message(run(spec, "--workers", workers))
    assert f"error[R406]: `clumsy` failed at step {step} of stage `main`: RuntimeError" in text
    assert line in text and "ops.py, line 11: `return images.reshape(7, 7)`" in text


def test_a_method_is_told_a_number_of_classes_that_only_the_folder_knows(spec: Path) -> None:
    told = "def told(x, k: count, using net = encoder >> classes) = soft_cross_entropy(net(x), one_hot(x.label, k))\n"
    change(spec, "loss      = ce(labeled)", f"{told}loss      = told(labeled, images.classes)")
    run(spec)
    change(spec, "told(labeled, images.classes)", "ce(labeled)")
    run(spec)
    first, second = (read_lines(folder)[0] for folder in sorted((spec.parent / "runs").iterdir()))
    assert [line["total"] for line in first if "total" in line] == pytest.approx(
        [line["total"] for line in second if "total" in line]
    )


def test_more_samples_than_there_are_is_said_at_the_line(spec: Path) -> None:
    change(spec, "images.train >>", "images.train.subset(100) >>")
    text = message(run(spec))
    assert "error[R406]: `subset` failed while the data were opened: ValueError: 100 samples wanted of" in text
    assert "a data set of 12" in text and "spec.ssl:4:18" in text


@pytest.mark.parametrize("workers", [0, 2])
def test_pictures_of_different_sizes_are_judged_as_each_alone(workers: int, spec: Path) -> None:
    change(spec, "top1(images.test >> resize(16) >> center_crop(16))", "confusion_matrix(images.test)")
    assert run(spec, "--workers", workers).return_value == 0
    summary = json.loads((spec.parent / "runs" / "spec-s0-1" / "summary.json").read_text())
    found = summary["stages"]["main"]["confusion_matrix"]
    assert found == expected_confusion(spec.parent)


def expected_confusion(folder: Path) -> list[list[float]]:
    """The counts of true and judged classes, one picture after another, by the weights that the run exported."""
    from ssldsl.stdlib.heads.linear import Linear
    from ssldsl.stdlib.nets.convnet import ConvNet

    weights = load_weights(folder / "runs" / "spec-s0-1")
    net, head = ConvNet(3, width=4), Linear(16, 2)
    net.load_state_dict({k.removeprefix("encoder."): v for k, v in weights.items() if k.startswith("encoder.")})
    head.load_state_dict({k.removeprefix("classes."): v for k, v in weights.items() if k.startswith("classes.")})
    counts = [[0.0, 0.0], [0.0, 0.0]]
    with torch.no_grad():
        for label, name in enumerate("ab"):
            for path in (folder / "pictures" / "test" / name).glob("*.png"):
                counts[label][int(head(net(read_image(path).unsqueeze(0))).argmax())] += 1
    return counts


def load_weights(run_folder: Path) -> dict[str, torch.Tensor]:
    from safetensors.torch import load_file

    (path,) = (run_folder / "checkpoints").glob("*-00000002/weights.safetensors")
    return load_file(path)


def halved(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def too_large(path: Path) -> None:
    Image.new("1", (14000, 14000)).save(path)


BROKEN = {"halved": halved, "empty": Path.touch, "a page": lambda path: path.write_text("<html>"), "huge": too_large}


@pytest.mark.parametrize("workers", [0, 2])
@pytest.mark.parametrize("how", BROKEN)
@pytest.mark.parametrize("place", ["train/a/0.png", "train/b/11.png", "test/a/0.png"])
def test_a_picture_that_cannot_be_read_is_named_wherever_it_is_met(
    place: str, how: str, workers: int, spec: Path
) -> None:
    file = spec.parent / "pictures" / place
    content = file.read_bytes()
    file.unlink()
    file.write_bytes(content if how == "halved" else b"")
    BROKEN[how](file)
    text = message(run(spec, "--workers", workers, "--set", "run=3it"))
    assert f"error[R404]: {file}: " in text and "spec.ssl:3:18" in text
