"""The reference says what is true: its snippets are right, or wrong where they say; its tables match the checker."""

import re
from pathlib import Path

import pytest
from snippets import USUAL, Snippet, snippets

from ssldsl.check.apply.words import WORDS
from ssldsl.check.evaluate.declarations import TYPES
from ssldsl.check.stages.settings import SETTINGS
from ssldsl.ops.library import Library
from ssldsl.syntax.tables import tables

REFERENCE = Path(__file__).parents[2] / "docs" / "language.md"
TEXT = REFERENCE.read_text("utf-8")
SNIPPETS = snippets(REFERENCE, "ssl")


@pytest.mark.parametrize("snippet", SNIPPETS, ids=str)
def test_a_snippet_is_right_or_wrong_where_it_says(snippet: Snippet) -> None:
    assert snippet.found() == snippet.marks


def test_the_usual_declarations_are_those_that_the_page_shows() -> None:
    shown = [re.sub(r" +", " ", line) for line in SNIPPETS[0].text.splitlines()]
    assert shown == ["ssl 1", *USUAL.values()]


def test_the_op_of_the_page_is_one(tmp_path: Path) -> None:
    (snippet,) = snippets(REFERENCE, "python")
    (tmp_path / "own.py").write_text(snippet.text, "utf-8")
    assert Library.shipped().with_file(tmp_path / "own.py").get("largest") is not None


def test_the_table_of_settings_is_that_of_the_checker() -> None:
    rows = [f"| `{s.name}` | {s.says} | {s.otherwise or f'`{s.default}`'} |" for s in SETTINGS]
    table = "\n".join(["| setting | what it is | default |", "|---|---|---|", *rows])
    assert f"\n\n{table}\n\n" in TEXT


def test_every_reserved_word_is_named() -> None:
    words = re.search(r"These words are reserved: `([^`]*)`", TEXT)
    assert words is not None
    assert set(words[1].split()) == set(tables().keywords)


def test_every_type_and_every_word_that_looks_like_a_function_is_named() -> None:
    assert all(f"`{name}" in TEXT for name in (*TYPES, *WORDS, "draw"))


def test_every_schedule_is_met() -> None:
    assert [name for name in Library.shipped().role("schedules") if name not in TEXT] == []
