"""The grammar is free of conflicts; its tables are the ones lark makes, kept in private places and never stale."""

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from lark import Lark
from lark.exceptions import UnexpectedInput

from ssldsl import resources
from ssldsl.source import Source
from ssldsl.syntax import generate, tables
from ssldsl.syntax.lexer import tokenize
from ssldsl.syntax.parser import parse

GRAMMAR = resources.grammar().read_text(encoding="utf-8")
MADE = generate.generate(GRAMMAR)
SPECS = sorted([*Path(__file__).parent.joinpath("specs").glob("*.ssl"), *resources.specs().glob("*.ssl")])
SPECS += sorted((resources.stdlib() / "methods").glob("*.ssl"))


@pytest.fixture(scope="module")
def lark() -> Lark:
    return Lark(GRAMMAR, parser="lalr", lexer="basic", start=list(generate.STARTS), strict=True)


def test_the_grammar_has_no_conflict_and_no_token_that_collides_with_another() -> None:
    assert generate.generate(GRAMMAR, strict=True)["key"] == generate.digest(GRAMMAR)


def test_every_token_has_a_name() -> None:
    assert not [name for name, _, _ in MADE["terminals"] if name.startswith("__")]


def test_the_tables_do_not_depend_on_the_seed_of_hashes() -> None:
    program = (
        "import hashlib, sys; from ssldsl.syntax.generate import *; from ssldsl import resources\n"
        "print(hashlib.sha256(encode(generate(resources.grammar().read_text())).encode()).hexdigest())"
    )
    environment = {**os.environ, "PYTHONHASHSEED": "1"}
    other = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True)
    assert other.stdout.strip() == hashlib.sha256(generate.encode(MADE).encode()).hexdigest()


@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.stem)
def test_the_tokens_are_those_of_lark(path: Path, lark: Lark) -> None:
    text = path.read_text(encoding="utf-8")
    ours = [(t.text, t.start) for t in tokenize(Source(path.name, text), tables.tables()).tokens[:-1]]
    assert ours == [(str(t), t.start_pos) for t in lark.lex(text)]


@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.stem)
def test_the_shipped_texts_parse_here(path: Path) -> None:
    assert not parse(Source(path.name, path.read_text(encoding="utf-8"))).diagnostics


@pytest.mark.parametrize(
    "text",
    ["x = a + b", "x = f(a, b=1,)", "x = a b", "x = f(", "stage s { }", "stage s { set a = 1 }", "x = 1 < 2 < 3"],
)
def test_a_text_is_right_here_if_it_is_right_for_lark(text: str, lark: Lark) -> None:
    try:
        lark.parse("ssl 1 " + text, start="file")
        is_right = True
    except UnexpectedInput:
        is_right = False
    assert (not parse(Source("t", "ssl 1 " + text)).diagnostics) == is_right


def test_the_front_end_parses_without_lark_once_the_tables_are_there() -> None:
    tables.tables()
    program = (
        "import sys; sys.modules['lark'] = None\n"
        "from ssldsl.syntax.parser import parse; from ssldsl.source import Source\n"
        "print(parse(Source('t', 'ssl 1')).diagnostics)"
    )
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert result.stdout == "()\n", result.stderr


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setenv("LOCALAPPDATA", str(tmp_path))
    return tables.cache_folder()


def test_tables_are_written_once_and_read_back(cache: Path) -> None:
    data = {"key": "k", "states": [1, 2]}
    tables.write_tables(cache / "t.json", data)
    assert tables.read_tables(cache / "t.json", "k") == data
    assert [path.name for path in cache.iterdir()] == ["t.json"]


@pytest.mark.parametrize("content", ["", "[]", "{", '{"key": "other"}', "\x00"])
def test_tables_that_are_torn_or_stale_are_not_used(content: str, cache: Path) -> None:
    cache.mkdir(parents=True)
    (cache / "t.json").write_text(content)
    assert tables.read_tables(cache / "t.json", "k") is None


@pytest.mark.skipif(os.name == "nt", reason="modes of folders")
def test_a_folder_that_others_can_write_is_not_used(cache: Path) -> None:
    cache.mkdir(parents=True)
    cache.chmod(0o777)
    tables.write_tables(cache / "t.json", {"key": "k"})
    assert not list(cache.iterdir())
    assert not tables.is_private(cache)


def test_a_place_that_cannot_be_written_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    tables.write_tables(tmp_path / "file" / "t.json", {"key": "k"})


def test_tables_survive_json() -> None:
    assert json.loads(generate.encode(MADE)) == MADE
