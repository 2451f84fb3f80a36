"""Every code has a page: a title, a wrong snippet that gives the code at the marked line, and its cure."""

import re
from pathlib import Path

import pytest
from snippets import Snippet, snippets

from ssldsl import resources
from ssldsl.commands.explain import FAMILIES, codes, contents, page, title
from ssldsl.errors import SpecError
from ssldsl.ops.library import Library

PACKAGE = Path(__file__).parents[2] / "ssldsl"
PAGES = sorted(resources.explanations().glob("*.md"))
SNIPPETS = [snippet for path in PAGES for snippet in snippets(path, "ssl")]
OPS = [snippet for path in PAGES for snippet in snippets(path, "python")]


def test_every_code_that_is_in_use_has_a_page_and_every_page_a_code() -> None:
    used = {c for path in PACKAGE.rglob("*.py") for c in re.findall(r'"([SNTDRL]\d{3})"', path.read_text("utf-8"))}
    assert set(codes()) == used


@pytest.mark.parametrize("snippet", SNIPPETS, ids=str)
def test_a_snippet_is_wrong_where_it_says_and_nowhere_else(snippet: Snippet) -> None:
    assert snippet.found() == snippet.marks


@pytest.mark.parametrize("path", [p for p in PAGES if p.stem[0] in "SNTDL"], ids=lambda path: path.stem)
def test_a_page_shows_the_error_and_then_the_cure(path: Path) -> None:
    shown = snippets(path, "ssl")
    assert not shown[-1].marks
    if path.stem not in ("S107", "D520", "L610"):  # two hundred levels, a million terms, a hundred points: no examples
        assert {code for s in shown[:-1] for _, _, code in s.marks} == {path.stem}


@pytest.mark.parametrize("snippet", OPS, ids=str)
def test_an_op_of_a_page_is_refused_where_it_says(snippet: Snippet, tmp_path: Path) -> None:
    file = tmp_path / "own.py"
    file.write_text(snippet.text, "utf-8")
    found: list[tuple[int, str, str]] = []
    try:
        Library.shipped().with_file(file)
    except SpecError as error:
        found = [(d.span.line, "error", d.code) for d in error.diagnostics if d.span is not None]
    if "has no op" in snippet.text:
        assert [code for _, _, code in found] == [snippet.path.stem]
    else:
        assert found == snippet.marks


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_a_page_has_its_code_and_a_title(path: Path) -> None:
    text = page(path.stem)
    assert text.startswith(f"# {path.stem}: ")
    assert title(path.stem).strip() and not title(path.stem).endswith(".")
    assert text.endswith("\n") and max(map(len, text.splitlines())) <= 122


def test_a_code_is_found_however_it_is_written() -> None:
    assert page("[d401]") == page("D401")


def test_without_a_code_all_are_listed_with_what_they_mean() -> None:
    listed = contents()
    assert all(f"  {code}  {title(code)}\n" in listed for code in codes())
    assert [line for line in listed.splitlines() if line.startswith("D: ")] == [f"D: {FAMILIES['D']}"]


def test_an_unknown_code_is_answered_with_a_near_one() -> None:
    with pytest.raises(SpecError) as caught:
        page("D4O1")
    assert "did you mean `D401`?" in caught.value.diagnostics[0].help
