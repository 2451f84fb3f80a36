"""Refusals outside of `check`, each provoked in the smallest way there is. Those of training are in tests/runtime."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from ssldsl import pipeline
from ssldsl.commands import options, requests
from ssldsl.errors import SpecError
from ssldsl.runtime.folder import records, stage_end, weight_files
from ssldsl.runtime.folder.request import Request
from ssldsl.runtime.nets import modules, norms

PACKAGE = Path(__file__).parents[2] / "ssldsl"
RUNTIME_TESTS = Path(__file__).parents[1]


def provoke_run_folder(folder: Path) -> None:
    (folder / "spec.ssl").write_text("ssl 1\n", "utf-8")
    records.new_folder(folder)


def provoke_weights(folder: Path) -> None:
    (folder / "weights.safetensors").write_bytes(b"no weights")
    weight_files.read_weights(folder / "weights.safetensors", None)


PROVOKE: dict[str, Callable[[Path], object]] = {
    "R301": lambda folder: pipeline.read(str(folder / "missing.ssl")),
    "R302": lambda folder: options.write("text", str(folder / "no" / "such" / "folder.txt")),
    "R303": Request.read,
    "R304": lambda folder: requests.read_seeds("five"),
    "R409": provoke_run_folder,
    "R413": lambda folder: stage_end.final_weights(folder, "main", average=False),
    "R421": provoke_weights,
    "R423": lambda folder: modules.part_of(torch.nn.Linear(2, 2), "encoder", "layer4"),
    "R424": lambda folder: norms.batch_norm_of_all(torch.nn.LazyBatchNorm2d()),
}
BY_WORDS = {  # tested by what they say
    "R307": "no run has a metric",
    "R425": "cannot be told",
    "R426": "cannot be called `loss`",
}


@pytest.mark.parametrize("code", PROVOKE)
def test_a_refusal_has_its_code(code: str, tmp_path: Path) -> None:
    with pytest.raises(SpecError) as caught:
        PROVOKE[code](tmp_path)
    assert [d.code for d in caught.value.diagnostics] == [code]


def test_every_code_of_a_run_is_provoked_by_some_test() -> None:
    codes = {c for path in PACKAGE.rglob("*.py") for c in re.findall(r'"(R[34]\d{2})"', path.read_text("utf-8"))}
    texts = [path.read_text("utf-8") for path in RUNTIME_TESTS.rglob("test_*.py")]
    sought = {code: BY_WORDS.get(code, code) for code in codes}
    assert {code for code, words in sought.items() if not any(words in text for text in texts)} == set()
