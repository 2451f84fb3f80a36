"""Places are counted in UTF-16 units, as the protocol wants it."""

import pytest
from lsprotocol import types as lsp

from ssldsl.editor.lsp_positions import offset_of, position_of
from ssldsl.source import Source

SOURCE = Source("x.ssl", "ssl 1\n# \N{GRINNING FACE} é\nrun = 2it")


@pytest.mark.parametrize(
    ("line", "column", "text"), [(0, 4, "1"), (1, 2, "\N{GRINNING FACE}"), (1, 5, "é"), (2, 6, "2")]
)
def test_positions_and_offsets_are_inverse(line: int, column: int, text: str) -> None:
    offset = offset_of(SOURCE, lsp.Position(line, column))
    assert SOURCE.text[offset] == text
    assert position_of(SOURCE, offset) == lsp.Position(line, column)


def test_a_position_beyond_the_text_is_its_end() -> None:
    assert offset_of(SOURCE, lsp.Position(9, 0)) == len(SOURCE.text)
    assert offset_of(SOURCE, lsp.Position(0, 99)) == 5
