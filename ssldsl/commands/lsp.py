"""`ssldsl lsp`: the language server for editors."""

import click

from ssldsl.errors import Diagnostic, SpecError


@click.command()
def lsp() -> None:
    """Serve editors over stdin and stdout by the Language Server Protocol."""
    try:
        from ssldsl.editor.server import make_server
    except ImportError as error:
        message = f"the language server needs the package `{error.name}`, which is not installed"
        raise SpecError(Diagnostic("R430", message, help='`pip install "ssldsl[editor]"`')) from None
    make_server().start_io()
