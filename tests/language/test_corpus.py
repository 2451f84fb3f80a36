"""Every wrong spec of the corpus is refused at the marked line, once, in the reviewed words.

`UPDATE_GOLDEN=1 pytest tests/language/test_corpus.py` rewrites the words; read them before they are committed.
"""

import os
import re
from pathlib import Path

import pytest
from corpus_files import FILES, FOLDER, diagnose, inside, marked, places, rendered

PACKAGE = Path(__file__).parents[2] / "ssldsl"


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_wrong_spec_gets_exactly_its_errors_in_the_reviewed_words(path: Path) -> None:
    text = path.read_text("utf-8")
    with inside(FOLDER):
        found = diagnose(path.name, text)
    assert places(path.name, found) == marked(text)
    assert path.stem.split("-")[0] in {code for code, _ in marked(text)}
    golden = path.with_suffix(".txt")
    if os.environ.get("UPDATE_GOLDEN"):
        golden.write_text(rendered(found), "utf-8")
    assert rendered(found) == golden.read_text("utf-8")


def codes_in_use() -> set[str]:
    """Every code that a diagnostic of the package can have."""
    return {
        code for path in PACKAGE.rglob("*.py") for code in re.findall(r'"([SNTDRL]\d{3})"', path.read_text("utf-8"))
    }


def test_the_corpus_covers_every_code_that_check_can_report() -> None:
    covered = {path.stem.split("-")[0] for path in FILES}
    while_running = {code for code in codes_in_use() if code.startswith(("R3", "R4"))}
    assert codes_in_use() - while_running - covered == set()


def test_every_wrong_spec_has_its_words_and_all_words_a_spec() -> None:
    assert {p.stem for p in FILES} == {p.stem for p in FOLDER.glob("*.txt")}


def test_there_are_many() -> None:
    assert len(FILES) >= 80
