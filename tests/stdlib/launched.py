"""Commands of ssldsl in this process, and in two that compute together."""

from pathlib import Path

from click.testing import CliRunner
from forked import together

from ssldsl import cli


def run_in_one(folder: Path, *command: str) -> None:
    CliRunner().invoke(cli.commands, command, standalone_mode=False, catch_exceptions=False)


def run_in_two(folder: Path, *command: str) -> None:
    together(folder, *command)
