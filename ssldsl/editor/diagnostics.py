"""Messages as an editor shows them, and the cures that they carry as edits."""

import re
from collections.abc import Iterator
from pathlib import Path

from lsprotocol import types as lsp

from ssldsl.editor.analysis import Analysis
from ssldsl.editor.lsp_positions import range_of
from ssldsl.errors import Diagnostic
from ssldsl.source import Source, Span

SEVERITIES = {"error": lsp.DiagnosticSeverity.Error, "warning": lsp.DiagnosticSeverity.Warning}
_CURES = (re.compile(r"did you mean `([^`]+)`\?"), re.compile(r"detach it: `([^`]+)`"))


def diagnostics_of(analysis: Analysis) -> list[lsp.Diagnostic]:
    """Everything that is wrong, with second places; what is wrong in a file that is used stands at its first line."""
    return [_diagnostic(found, analysis.source) for found in analysis.checked.diagnostics]


def actions_of(analysis: Analysis, uri: str, wanted: lsp.Range) -> list[lsp.CodeAction]:
    """The cures of what is wrong within a range."""
    return [
        lsp.CodeAction(
            title=f"write `{text}`",
            kind=lsp.CodeActionKind.QuickFix,
            diagnostics=[_diagnostic(found, analysis.source)],
            is_preferred=True,
            edit=lsp.WorkspaceEdit(changes={uri: [lsp.TextEdit(range_of(span), text)]}),
        )
        for found, span, text in _cures(analysis)
        if _meet(range_of(span), wanted)
    ]


def _cures(analysis: Analysis) -> Iterator[tuple[Diagnostic, Span, str]]:
    for found in analysis.checked.diagnostics:
        if found.span is None or found.span.source != analysis.source:
            continue
        for pattern in _CURES:
            if match := pattern.search(found.help):
                yield found, found.span, match[1]


def _meet(first: lsp.Range, second: lsp.Range) -> bool:
    return first.start <= second.end and second.start <= first.end


def _diagnostic(found: Diagnostic, source: Source) -> lsp.Diagnostic:
    elsewhere = found.span is not None and found.span.source != source
    text = f"{found.span.place}: {found.message}" if elsewhere and found.span is not None else found.message
    below = [*filter(None, [found.label]), *found.hints, *([f"help: {found.help}"] if found.help else [])]
    span = found.span if found.span is not None and not elsewhere else Span(source, 0, len(source.line(1)))
    return lsp.Diagnostic(
        range=range_of(span),
        message="\n".join([text, *below]),
        severity=SEVERITIES[found.severity],
        code=found.code,
        source="ssldsl",
        related_information=[
            lsp.DiagnosticRelatedInformation(
                lsp.Location(Path(note.span.source.name).absolute().as_uri(), range_of(note.span)), note.text
            )
            for note in found.notes
        ],
    )
