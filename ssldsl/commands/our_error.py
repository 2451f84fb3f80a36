"""What a person is told of a mistake that is ours."""

import sys
from pathlib import Path

import click

import ssldsl
from ssldsl.errors import InternalError

OUR_ERROR = 70  # exit code


def our_error(error: Exception) -> int:
    """Say that an error is ours, and where it was raised. Gives the exit code."""
    import traceback

    last = traceback.extract_tb(error.__traceback__)[-1]
    kind = "" if isinstance(error, InternalError) else f"{type(error).__name__}: "
    click.echo(
        f"error: this is a bug in ssldsl {ssldsl.__version__}, not in your spec\n"
        f"  {kind}{error}\n  at {Path(last.filename).name}:{last.lineno} in {last.name}\n"
        "  Please report it with the spec. `ssldsl --debug ...` shows the whole traceback.",
        err=True,
    )
    if "--debug" in sys.argv:
        traceback.print_exception(error)
    return OUR_ERROR
