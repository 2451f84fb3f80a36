"""The command line: the subcommands together, and how the program ends.

Data go to stdout, everything else to stderr. Exit codes: 0 fine, 1 the user's error, 3 and 4 what `diff` found, 70 our
error, 75 stopped by a scheduler's signal and to be continued, 130 stopped by Ctrl-C.
"""

import sys
from importlib import import_module

import click

import ssldsl
from ssldsl import processes
from ssldsl.commands.options import USER_ERROR
from ssldsl.commands.our_error import our_error
from ssldsl.errors import LostProcess, OwnError, SpecError

INTERRUPTED = 130


# each is the function of its name in the module of its name, in the order in which a person meets them
COMMANDS = (
    *("new", "check", "fmt", "resolve"),
    *("run", "sweep", "resume", "compare", "validation", "predict", "export"),
    *("graph", "diff", "compile"),
    *("explain", "ops", "docs", "cite", "lsp"),
)


class Subcommands(click.Group):
    """The subcommands, each imported when it is asked for: a check does not wait for what only a sweep needs."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        found: click.Command = getattr(import_module(f"ssldsl.commands.{cmd_name}"), cmd_name)
        return found


@click.group(cls=Subcommands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(ssldsl.__version__, prog_name="ssldsl")
@click.option("--debug", is_flag=True, help="Show the traceback of an internal error.")
def commands(debug: bool) -> None:
    """Semi- and self-supervised learning experiments as a small typed language."""


def main() -> None:
    """Run the command line; no error of ours reaches a person as a bare traceback."""
    processes.wait_asleep()
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
