"""A file that holds declarations alone is what other specs `use`: it is checked by itself, and is no experiment."""

from pathlib import Path

import pytest

from ssldsl.check import check, check_everything
from ssldsl.source import Source

SHARED = """\
ssl 1
data   images  = digits()
stream labeled = images.train.subset(100, seed=0)
net    encoder = convnet(width=8)
head   classes = linear(encoder.dim, images.classes)
let    scores  = classes(encoder(labeled))
def soft(x)    = entropy(x)
"""


def test_a_file_of_declarations_is_right_by_itself_and_gives_no_program() -> None:
    found = check_everything(Source("shared.ssl", SHARED))
    assert (found.diagnostics, found.program) == ((), None)


def test_to_run_it_a_loss_is_missing() -> None:
    assert [d.code for d in check(Source("shared.ssl", SHARED)).diagnostics] == ["D504"]


@pytest.mark.parametrize("line", ["batch = 20", "eval top1(images.train)", "run = 5it", "sweep encoder.width in [8]"])
def test_what_belongs_to_a_stage_makes_it_an_experiment(line: str) -> None:
    assert "D504" in [d.code for d in check_everything(Source("shared.ssl", f"{SHARED}{line}\n")).diagnostics]


def test_what_is_wrong_in_it_is_said() -> None:
    text = SHARED.replace("convnet", "convnett").replace("linear", "linearr")
    assert [d.code for d in check_everything(Source("shared.ssl", text)).diagnostics] == ["N201", "N201"]


def test_the_file_of_a_used_file_is_checked_as_well(tmp_path: Path) -> None:
    (tmp_path / "base.ssl").write_text(SHARED.replace("width=8", "widht=8"), "utf-8")
    found = check_everything(Source(str(tmp_path / "more.ssl"), 'ssl 1\nuse "base.ssl"\nlet more = scores\n'))
    assert [d.code for d in found.diagnostics] == ["N203"]
