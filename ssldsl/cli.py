"""The command line: the subcommands together, and how the program ends.

Data go to stdout, everything else to stderr. Exit codes: 0 fine, 1 the user's error, 3 and 4 what `diff` found, 70 our
error, 75 stopped by a scheduler's signal and to be continued, 130 stopped by Ctrl-C.
"""

import sys

import click

import ssldsl
from ssldsl import processes
from ssldsl.commands.check import check
from ssldsl.commands.cite import cite
from ssldsl.commands.compare import compare
from ssldsl.commands.compile import compile
from ssldsl.commands.diff import diff
from ssldsl.commands.docs import docs
from ssldsl.commands.explain import explain
from ssldsl.commands.export import export
from ssldsl.commands.fmt import fmt
from ssldsl.commands.graph import graph
from ssldsl.commands.lsp import lsp
from ssldsl.commands.new import new
from ssldsl.commands.ops import ops
from ssldsl.commands.options import USER_ERROR
from ssldsl.commands.our_error import our_error
from ssldsl.commands.predict import predict
from ssldsl.commands.resolve import resolve
from ssldsl.commands.resume import resume
from ssldsl.commands.run import run
from ssldsl.commands.sweep import sweep
from ssldsl.commands.validation import validation
from ssldsl.errors import LostProcess, OwnError, SpecError

INTERRUPTED = 130


class InOrder(click.Group):
    """Subcommands in the order a person meets them."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self.commands)


@click.group(cls=InOrder, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(ssldsl.__version__, prog_name="ssldsl")
@click.option("--debug", is_flag=True, help="Show the traceback of an internal error.")
def commands(debug: bool) -> None:
    """Semi- and self-supervised learning experiments as a small typed language."""


for _command in (
    *(new, check, fmt, resolve),
    *(run, sweep, resume, compare, validation, predict, export),
    *(graph, diff, compile),
    *(explain, ops, docs, cite, lsp),
):
    commands.add_command(_command)


def main() -> None:
    """Run the command line; no error of ours reaches a person as a bare traceback."""
    try:
        code = commands.main(standalone_mode=False)
    except click.ClickException as error:
        error.show()
        code = USER_ERROR
    except click.exceptions.Abort:
        code = INTERRUPTED
    except SpecError as error:
        if processes.is_local_main() or isinstance(error, OwnError):
            click.echo(str(error), err=True)
        elif not isinstance(error, LostProcess):
            processes.wait_for_main()
        code = USER_ERROR
    except BrokenPipeError:
        sys.stderr.close()
        code = 0
    except KeyboardInterrupt:
        code = INTERRUPTED
    except Exception as error:  # noqa: BLE001  # the last line of defense: everything else is our mistake
        code = our_error(error)
    sys.exit(code if isinstance(code, int) else 0)
