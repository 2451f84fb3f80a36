"""Places as the protocol counts them (lines from 0, columns in UTF-16 units) and as sources do (characters)."""

from lsprotocol import types as lsp

from ssldsl.source import Source, Span


def _units(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


def position_of(source: Source, offset: int) -> lsp.Position:
    """The protocol's position of a character."""
    line, column = source.position(offset)
    return lsp.Position(line - 1, _units(source.line(line)[: column - 1]))


def range_of(span: Span) -> lsp.Range:
    """The protocol's range of a span."""
    return lsp.Range(position_of(span.source, span.start), position_of(span.source, span.end))


def offset_of(source: Source, position: lsp.Position) -> int:
    """The character at a position; the end of the line where it lies beyond, that of the text below its last line."""
    if position.line >= len(source.line_starts):
        return len(source.text)
    text, units = source.line(position.line + 1), 0
    for column, character in enumerate(text):
        if units >= position.character:
            return source.line_starts[position.line] + column
        units += _units(character)
    return source.line_starts[position.line] + len(text)
