"""What users of other tools reported and was right here from the start; each test names the report, and stays."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from click.testing import CliRunner

from ssldsl.cli import commands
from ssldsl.runtime.folder.run_folder import read_lines
from ssldsl.stdlib.losses.cross_entropy import cross_entropy
from ssldsl.stdlib.losses.soft_cross_entropy import soft_cross_entropy
from ssldsl.stdlib.metrics.linear_probe_accuracy import linear_probe_accuracy
from ssldsl.stdlib.targets.one_hot import one_hot
from ssldsl.stdlib.targets.probabilities import probabilities
from ssldsl.stdlib.targets.sinkhorn import sinkhorn

SPEC = """\
ssl 1
data images = vector_arrays("rows.npz")
stream labeled = images.train
net encoder = mlp(width=4, depth=1)
head classes = linear(encoder.dim, images.classes)
loss = ce(labeled)
batch = {batch}
run = 2it
eval top1(images.test)
"""


def arrays(folder: Path, samples: int) -> None:
    rng = np.random.default_rng(0)
    fields = {"data": rng.normal(size=(samples, 3)).astype(np.float32), "label": np.arange(samples) % 2}
    tests = {"test_data": rng.normal(size=(7, 3)).astype(np.float32), "test_label": np.arange(7) % 2}
    np.savez(folder / "rows.npz", **fields, **tests)


def checked(path: Path) -> str:
    result = CliRunner().invoke(commands, ["check", str(path)])
    return f"{result.output} {result.exception or ''}"


@pytest.mark.parametrize("samples", [1, 5])
def test_a_batch_larger_than_the_data_is_trained_and_told(tmp_path: Path, samples: int) -> None:
    """solo-learn#112: rows come again within a step."""
    arrays(tmp_path, samples)
    spec = tmp_path / "a.ssl"
    spec.write_text(SPEC.format(batch=16), "utf-8")
    out = tmp_path / "runs"
    result = CliRunner().invoke(commands, ["run", str(spec), "-o", str(out), "--no-progress", "--no-report"])
    assert result.exit_code == 0, result.output
    (folder,) = out.iterdir()
    assert [line["step"] for line in read_lines(folder)[0] if "loss" in line] == [1, 2]


@pytest.mark.parametrize(
    ("written", "said"),
    [
        (lambda text: b"\xef\xbb\xbf" + text.encode(), "fine"),
        (lambda text: text.replace("\n", "\r\n").encode(), "fine"),
        (lambda text: text.replace("\n", "\r").encode(), "fine"),
        (lambda text: text.replace(" = ", "\t=\t").encode(), "fine"),
        (lambda text: f"{text}# {'x' * 1_000_000}".encode(), "fine"),
        (lambda text: text.encode("utf-16"), "R301"),
        (lambda text: f"{text}# \xfc".encode("latin-1"), "R301"),
        (lambda text: text.replace(" = ", "\xa0= ", 1).encode(), "S103"),
        (lambda text: text.replace('"', "\u201c").encode(), "S103"),
    ],
    ids=["bom", "crlf", "cr", "tabs", "a long comment", "utf-16", "latin-1", "no-break space", "typographic quotes"],
)
def test_a_text_as_editors_save_it_is_read_or_its_flaw_is_named(
    tmp_path: Path, written: Callable[[str], bytes], said: str
) -> None:
    folder = tmp_path / "a b\xfc"
    folder.mkdir()
    path = folder / "a.ssl"
    path.write_bytes(
        written(
            SPEC.format(batch=4)
            .replace("vector_arrays", "image_arrays")
            .replace("mlp(width=4, depth=1)", "convnet(width=4)")
        )
    )
    assert said in checked(path)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("epsilon", [0.05, 0.001])
def test_sinkhorn_is_finite_for_rows_of_any_length(dtype: torch.dtype, epsilon: float) -> None:
    """swav#67: rows that are not of unit length, 3,000 prototypes, low precision."""
    scores = 30 * torch.randn(32, 3000, generator=torch.Generator().manual_seed(0))
    codes = sinkhorn(scores.to(dtype), epsilon=epsilon)
    assert codes.isfinite().all()


def test_a_temperature_near_zero_gives_finite_probabilities() -> None:
    """dino#58, #263."""
    found = probabilities(torch.tensor([[1.0, 2.0, 3.0]]), temperature=1e-30)
    assert torch.equal(found, torch.tensor([[0.0, 0.0, 1.0]]))


def test_hard_and_soft_targets_of_one_class_give_one_loss() -> None:
    """Deit PR#91, pytorch-image-models#990."""
    generator = torch.Generator().manual_seed(0)
    logits, labels = torch.randn(6, 5, generator=generator), torch.tensor([0, 1, 2, 3, 4, 0])
    soft = soft_cross_entropy(logits, one_hot(labels, classes=5))
    assert torch.allclose(soft, cross_entropy(logits, labels), atol=1e-7)


def test_a_linear_probe_that_is_fitted_twice_is_the_same() -> None:
    """mmselfsup#724."""
    generator = torch.Generator().manual_seed(0)
    bank, rows = torch.randn(40, 4, generator=generator), torch.randn(20, 4, generator=generator)
    labels, bank_labels = torch.arange(20) % 3, torch.arange(40) % 3
    first, second = (linear_probe_accuracy(rows, labels, bank, bank_labels) for _ in range(2))
    assert torch.equal(torch.as_tensor(first), torch.as_tensor(second))
