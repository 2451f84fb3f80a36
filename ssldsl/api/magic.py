"""`%%ssl`: a cell of a notebook that holds a spec. `%load_ext ssldsl` brings it."""

import argparse
import shlex
from typing import Any

from ssldsl.api.experiment import Experiment, loads
from ssldsl.errors import Diagnostic, SpecError, render_all


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> Any:
        raise SpecError(Diagnostic("R304", f"%%ssl: {message}", help=self.format_usage().strip()))


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="%%ssl", add_help=False)
    parser.add_argument("name", nargs="?", default="experiment")
    parser.add_argument("--variant", action="append", default=[])
    parser.add_argument("--set", action="append", default=[], dest="sets")
    parser.add_argument("--drop", action="append", default=[])
    parser.add_argument("--seed", type=int)
    parser.add_argument("--quiet", action="store_true")
    return parser


def read_cell(line: str, cell: str) -> tuple[str, Experiment, bool]:
    """The name that a cell gives its experiment, the experiment, and whether it is drawn."""
    wanted = _parser().parse_args(shlex.split(line))
    values = dict(text.partition("=")[::2] for text in wanted.sets)
    experiment = loads(
        cell, f"{wanted.name}.ssl", set=values, drop=wanted.drop, variant=wanted.variant, seed=wanted.seed
    )
    return wanted.name, experiment, not wanted.quiet


def load_ipython_extension(shell: Any) -> None:
    """Register `%%ssl NAME [--set PATH=EXPR] [--drop TERM] [--variant NAME] [--seed N] [--quiet]`.

    The cell is checked, the experiment is kept as the variable NAME and drawn. What is wrong is shown at its line.
    """

    def ssl(line: str, cell: str) -> Any:
        name, experiment, is_drawn = read_cell(line, cell)
        if experiment.warnings:
            print(render_all(experiment.warnings))
        shell.push({name: experiment})
        return experiment.graph() if is_drawn else None

    shell.register_magic_function(ssl, "cell", "ssl")
