"""A rule is a file: listed, with its code in its first line, a page behind the code, and a wrong spec in the corpus."""

import re
from importlib import import_module
from pathlib import Path

import pytest

from ssldsl import resources
from ssldsl.check import rules

FOLDER = Path(rules.__file__).parent
FILES = sorted(path.stem for path in FOLDER.glob("[!_]*.py"))
CORPUS = Path(__file__).parents[1] / "language" / "corpus"


def test_every_rule_is_listed_once_under_the_name_of_its_file() -> None:
    listed = [rule.__name__ for rule in (*rules.RULES, *rules.SPEC_RULES)]
    assert sorted(listed) == FILES


@pytest.mark.parametrize("name", FILES)
def test_the_first_line_of_a_rule_begins_with_its_codes(name: str) -> None:
    codes(name)


@pytest.mark.parametrize("name", FILES)
def test_a_code_of_a_rule_has_a_page_and_a_wrong_spec(name: str) -> None:
    pages = {path.stem for path in resources.explanations().glob("*.md")}
    specs = {path.stem.split("-")[0] for path in CORPUS.glob("*.ssl")}
    assert set(codes(name)) <= pages & specs


def codes(name: str) -> list[str]:
    found = re.match(r"([DLNT]\d{3}(?:, [DLNT]\d{3})*): ", import_module(f"{rules.__name__}.{name}").__doc__ or "")
    assert found is not None
    return found[1].split(", ")
