"""`ssldsl ops --new`: what it writes is right as it stands, and its test passes."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from ssldsl import cli
from ssldsl.errors import SpecError
from ssldsl.ops.reading import read_signatures

ROLES = {"loss": "losses", "view": "views", "memory": "memory", "metric": "metrics", "net": "nets"}


def ops(*arguments: str) -> Result:
    return CliRunner().invoke(cli.commands, ["ops", *arguments], standalone_mode=False)


def test_ops_of_every_role_are_written_and_pass_their_tests(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for role, place in ROLES.items():
        assert ops("--new", role, f"my_{role}").exception is None
        (signature,) = read_signatures(f"my_{role}.py", Path(f"my_{role}.py").read_text(encoding="utf-8"))
        assert (signature.name, signature.role) == (f"my_{role}", place)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:xdist", "--rootdir", ".", "-c", "/dev/null", "."],
        capture_output=True, text=True, env={**os.environ, "PYTHONPATH": f".:{Path(cli.__file__).parents[1]}"},
    )  # fmt: skip
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(("name", "message"), [("My-Loss", "cannot be the name"), ("taken", "there already")])
def test_what_cannot_be_written_is_said(
    name: str, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("taken.py").touch()
    done = ops("--new", "loss", name)
    assert isinstance(done.exception, SpecError)
    assert message in str(done.exception)
