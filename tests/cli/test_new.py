"""`ssldsl new`: a spec that is right, in its one form, for every method."""

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

import ssldsl
from ssldsl import cli
from ssldsl.commands.new import METHODS
from ssldsl.source import Source
from ssldsl.syntax.formatter import format_text

ANSWERS = ["--data", "digits()", "--labels", "100", "--net", "convnet(width=4)"]


def new(*arguments: str, typed: str = "") -> Result:
    return CliRunner().invoke(cli.commands, ["new", *arguments], standalone_mode=False, input=typed)


@pytest.mark.parametrize("method", METHODS)
def test_every_method_is_a_spec_without_errors_and_warnings(
    method: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    done = new("mine.ssl", "--method", method, *ANSWERS)
    assert done.exception is None, done.exception
    text = Path("mine.ssl").read_text(encoding="utf-8")
    assert text == format_text(Source("mine.ssl", text))
    assert ssldsl.load("mine.ssl").warnings == ()


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(("given", "side"), [([], 64), (["--size", "32"], 32)])
def test_images_that_may_differ_in_size_are_brought_to_one(
    method: str, given: list[str], side: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    photos = ["--data", 'image_folder("photos")', "--labels", "8", "--net", "convnet(width=4)"]
    done = new("mine.ssl", "--method", method, *photos, *given)
    assert done.exception is None, done.exception
    text = Path("mine.ssl").read_text(encoding="utf-8")
    assert f"images.test >> resize({side})" in text and ("`--size`" in done.stderr) != bool(given)
    assert ssldsl.load("mine.ssl").warnings == ()


def test_what_is_not_said_is_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    done = new("mine.ssl", typed="rotation\n\n50\n\n")
    assert done.exception is None, done.exception
    assert ssldsl.load("mine.ssl").program.stages[0].terms[1].name == "rotation"


def test_an_answer_that_is_wrong_is_said_and_nothing_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    done = new("mine.ssl", "--method", "vat", *ANSWERS[:-1], "resnet81()")
    assert isinstance(done.exception, ssldsl.SpecError)
    assert "did you mean `resnet18`" in str(done.exception)
    assert not Path("mine.ssl").exists()
    Path("mine.ssl").touch()
    assert "there already" in str(new("mine.ssl", "--method", "vat", *ANSWERS).exception)
