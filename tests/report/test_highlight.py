"""Colored specs."""

import html
import re

import pytest
from run_folders import SPEC

from ssldsl.report.run.highlight import highlighted

BROKEN = 'loss = ce(labeled) + 3 ep & "never closed\n}} <script>alert(1)</script> é\n'


def plain(markup: str) -> str:
    return html.unescape(re.sub(r"</?span[^>]*>", "", markup))


@pytest.mark.parametrize("text", [SPEC, BROKEN, "", "# only a comment", "run = 30ep"])
def test_colors_change_no_character(text: str) -> None:
    assert plain(highlighted(text)) == text


def test_text_of_a_spec_is_never_markup() -> None:
    assert "<script" not in highlighted(BROKEN)


@pytest.mark.parametrize(
    ("text", "kind", "word"),
    [
        ("net f = convnet(width=8)", "kw", "net"),
        ("net f = convnet(width=8)", "fn", "convnet"),
        ("net f = convnet(width=8)", "num", "8"),
        ("run = 30ep  # long", "set", "run"),
        ("run = 30ep  # long", "num", "30ep"),
        ("run = 30ep  # long", "com", "# long"),
        ('let a = "text"', "str", "&#34;text&#34;"),
    ],
)
def test_words_have_the_class_of_their_kind(text: str, kind: str, word: str) -> None:
    assert f'<span class="{kind}">{word}</span>' in highlighted(text)
