"""The tutorial: every file of the page is written, and every command of it run, in order."""

import re
import shlex
from pathlib import Path

import pytest
from click.testing import CliRunner

from ssldsl import cli
from ssldsl.errors import SpecError

PAGE = (Path(__file__).parents[2] / "docs" / "tutorial.md").read_text(encoding="utf-8")
BLOCKS = re.compile(r'^```(\w+)(?: title="([^"]+)")?\n(.*?)^```', re.MULTILINE | re.DOTALL)
ENDS = {"diff": 4}  # the exit codes of commands that say something by it


def done(command: str) -> tuple[int, str]:
    """The exit code and all that a command has said."""
    words = shlex.split(command)[1:]
    words += ["--no-progress"] if words[0] == "run" else []
    result = CliRunner().invoke(cli.commands, words, standalone_mode=False)
    if isinstance(result.exception, SpecError):
        return 1, str(result.exception)
    assert result.exception is None, (command, result.exception)
    return int(result.return_value or 0), result.output


@pytest.mark.slow
def test_the_tutorial_goes_as_it_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    commands = 0
    for language, title, text in BLOCKS.findall(PAGE):
        if title:
            Path(title).write_text(text, encoding="utf-8")
        if language != "console":
            continue
        for part in text.split("$ ")[1:]:
            command, _, shown = part.partition("\n")
            code, said = done(command)
            expected = 1 if shown.startswith("error") else ENDS.get(command.split()[1], 0)
            assert code == expected, (command, said)
            assert shown.strip() in said
            commands += 1
    assert commands >= 14
    assert Path("first.svg").exists()
    assert (tmp_path / "runs" / "first-s0-1" / "report.html").exists()
