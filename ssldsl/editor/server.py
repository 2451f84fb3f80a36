"""`ssldsl lsp`: the language server, over stdin and stdout."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlparse

from lsprotocol import types as lsp
from pygls.lsp.server import LanguageServer

from ssldsl import __version__
from ssldsl.editor.analysis import Analysis
from ssldsl.editor.completion import completions
from ssldsl.editor.diagnostics import actions_of, diagnostics_of
from ssldsl.editor.hints import hints_of
from ssldsl.editor.hover import hover_text
from ssldsl.editor.lsp_positions import offset_of, position_of, range_of
from ssldsl.editor.names import definition_of, renamed, uses_of
from ssldsl.errors import SpecError
from ssldsl.ops.library import Library
from ssldsl.source import Source
from ssldsl.syntax.formatter import format_text

REST = 0.3  # seconds without a change after which variants and points of sweeps are looked at too


class Server(LanguageServer):
    """Keeps the analysis of every open text, and makes it anew when the text has changed.

    A text is answered at once as it stands; what its variants, sweeps and many rounds show follows when it rests.

    The library is read once: who writes an op for it, or installs another, starts the server again.
    """

    def __init__(self) -> None:
        super().__init__("ssldsl", __version__)
        self._known: dict[str, Analysis] = {}
        self._library = Library.shipped()

    def analysis(self, uri: str) -> Analysis:
        """The check of a text as it stands."""
        text = self.workspace.get_text_document(uri).source
        known = self._known.get(uri)
        if known is None or known.source.text != text:
            known = self._known[uri] = Analysis.of(text, path_of(uri), self._library)
        return known

    def report(self, uri: str) -> None:
        """Send what is wrong with a text."""
        found = diagnostics_of(self.analysis(uri))
        self.text_document_publish_diagnostics(lsp.PublishDiagnosticsParams(uri, found))

    async def report_the_rest(self, uri: str) -> None:
        """Send what variants, points of sweeps and later rounds show; nothing once the text has changed again."""
        begun = self.analysis(uri)
        await asyncio.sleep(REST)
        for found in begun.completed(self._library):
            await asyncio.sleep(0)  # a change goes before
            if self._known.get(uri) is not begun:
                return
            last = found
        if last.checked.diagnostics != begun.checked.diagnostics:
            self._known[uri] = last
            self.report(uri)

    def forget(self, uri: str) -> None:
        """A text that was closed."""
        self._known.pop(uri, None)
        self.text_document_publish_diagnostics(lsp.PublishDiagnosticsParams(uri, []))

    def at(self, uri: str, position: lsp.Position) -> tuple[Analysis, int]:
        """The check of a text, and a place in it."""
        analysis = self.analysis(uri)
        return analysis, offset_of(analysis.source, position)


def path_of(uri: str) -> str:
    """The path of a file; of a text that has none yet, its name."""
    found = urlparse(uri)
    return str(Path(unquote(found.path))) if found.scheme == "file" else "untitled.ssl"


def make_server() -> Server:
    """The server with all that it answers."""
    server = Server()
    for feature, answer in ANSWERS.items():
        server.feature(feature, OPTIONS.get(feature))(answer)
    return server


async def opened(server: Server, params: lsp.DidOpenTextDocumentParams) -> None:
    server.report(params.text_document.uri)
    await server.report_the_rest(params.text_document.uri)


async def changed(server: Server, params: lsp.DidChangeTextDocumentParams) -> None:
    server.report(params.text_document.uri)
    await server.report_the_rest(params.text_document.uri)


def closed(server: Server, params: lsp.DidCloseTextDocumentParams) -> None:
    server.forget(params.text_document.uri)


def hover(server: Server, params: lsp.HoverParams) -> lsp.Hover | None:
    text = hover_text(*server.at(params.text_document.uri, params.position))
    return lsp.Hover(lsp.MarkupContent(lsp.MarkupKind.Markdown, text)) if text else None


def complete(server: Server, params: lsp.CompletionParams) -> list[lsp.CompletionItem]:
    return completions(*server.at(params.text_document.uri, params.position))


def definition(server: Server, params: lsp.DefinitionParams) -> lsp.Location | None:
    analysis, offset = server.at(params.text_document.uri, params.position)
    return definition_of(analysis, params.text_document.uri, offset)


def references(server: Server, params: lsp.ReferenceParams) -> list[lsp.Location]:
    uses = uses_of(*server.at(params.text_document.uri, params.position))
    return [lsp.Location(params.text_document.uri, range_of(span)) for span in uses]


def rename(server: Server, params: lsp.RenameParams) -> lsp.WorkspaceEdit | None:
    analysis, offset = server.at(params.text_document.uri, params.position)
    return renamed(analysis, params.text_document.uri, offset, params.new_name)


def formatting(server: Server, params: lsp.DocumentFormattingParams) -> list[lsp.TextEdit]:
    return formatted(server.analysis(params.text_document.uri).source)


def actions(server: Server, params: lsp.CodeActionParams) -> list[lsp.CodeAction]:
    uri = params.text_document.uri
    return actions_of(server.analysis(uri), uri, params.range)


def hints(server: Server, params: lsp.InlayHintParams) -> list[lsp.InlayHint]:
    return hints_of(server.analysis(params.text_document.uri))


ANSWERS: dict[str, Callable[[Server, Any], object]] = {
    lsp.TEXT_DOCUMENT_DID_OPEN: opened,
    lsp.TEXT_DOCUMENT_DID_CHANGE: changed,
    lsp.TEXT_DOCUMENT_DID_CLOSE: closed,
    lsp.TEXT_DOCUMENT_HOVER: hover,
    lsp.TEXT_DOCUMENT_COMPLETION: complete,
    lsp.TEXT_DOCUMENT_DEFINITION: definition,
    lsp.TEXT_DOCUMENT_REFERENCES: references,
    lsp.TEXT_DOCUMENT_RENAME: rename,
    lsp.TEXT_DOCUMENT_FORMATTING: formatting,
    lsp.TEXT_DOCUMENT_CODE_ACTION: actions,
    lsp.TEXT_DOCUMENT_INLAY_HINT: hints,
}
OPTIONS = {lsp.TEXT_DOCUMENT_COMPLETION: lsp.CompletionOptions(trigger_characters=[".", "("])}


def formatted(source: Source) -> list[lsp.TextEdit]:
    """The text in its one form, as an edit; nothing where it is so already, or cannot be read."""
    try:
        text = format_text(source)
    except SpecError:
        return []
    if text == source.text:
        return []
    whole = lsp.Range(lsp.Position(0, 0), position_of(source, len(source.text)))
    return [lsp.TextEdit(whole, text)]
