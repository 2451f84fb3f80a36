"""Colors of specs: every keyword of the grammar, and no shipped spec with a character that is not understood."""

import json
import re
from pathlib import Path

import pytest
from pygments.lexers import get_lexer_by_name
from pygments.token import Keyword, Name, Number, Text

import ssldsl
from ssldsl.editor.highlighting import CONSTANTS, KEYWORDS, SslLexer
from ssldsl.editor.textmate import textmate_grammar
from ssldsl.resources import grammar, specs


def test_the_keywords_are_those_of_the_grammar() -> None:
    named = set(re.findall(r'"([a-z]{2,})"', re.sub(r"//[^\n]*", "", grammar().read_text(encoding="utf-8"))))
    assert named - {"ep", "it", "and", "or", "not", "then"} == {*KEYWORDS, *CONSTANTS}


@pytest.mark.parametrize("path", sorted(specs().glob("*.ssl")), ids=lambda path: path.stem)
def test_every_part_of_a_shipped_spec_has_a_meaning(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    parts = list(SslLexer().get_tokens(text))
    assert not [value for kind, value in parts if kind is Text]
    assert "".join(value for _, value in parts).strip() == text.strip()


def test_words_are_what_their_place_makes_them() -> None:
    parts = [(kind, value) for kind, value in SslLexer().get_tokens("stage a after b { run = 30ep }") if value.strip()]
    assert parts[0] == (Keyword, "stage")
    assert (Keyword, "after") in parts
    assert (Name.Attribute, "run") in parts
    assert (Number, "30ep") in parts


def test_pygments_knows_the_language_by_its_name() -> None:
    assert isinstance(get_lexer_by_name("ssl"), SslLexer)


def test_the_grammar_of_the_extension_is_made_of_the_same_words() -> None:
    made = Path(__file__).parents[2] / "editors" / "vscode" / "syntaxes" / "ssl.tmLanguage.json"
    assert made.read_text(encoding="utf-8") == textmate_grammar()


def test_the_snippets_of_the_extension_are_specs_without_errors() -> None:
    path = Path(__file__).parents[2] / "editors" / "vscode" / "snippets" / "ssl.json"
    body = "\n".join(json.loads(path.read_text(encoding="utf-8"))["Experiment"]["body"])
    assert ssldsl.loads(re.sub(r"\$\{\d+:([^}]*)\}", r"\1", body)).warnings == ()
