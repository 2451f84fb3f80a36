"""Every error of a text is reported once, in words; `UPDATE_GOLDEN=1 pytest tests/syntax` writes the messages anew."""

import os
import re
from cProfile import Profile
from pathlib import Path

import pytest

from ssldsl.errors import SpecError, render
from ssldsl.source import Source
from ssldsl.syntax import tree
from ssldsl.syntax.parser import ParseResult, parse, parse_edit, parse_expression

GOLDEN = Path(__file__).with_name("errors.txt")
CASE = re.compile(r"=== (.*?)\n(.*?)\n---\n(.*?)(?=\n=== |\Z)", re.DOTALL)
CASES = {title: (text, expected.strip("\n")) for title, text, expected in CASE.findall(GOLDEN.read_text("utf-8"))}


def read(text: str) -> ParseResult:
    return parse(Source("t.ssl", text))


def outcome(text: str) -> str:
    """The statements that were kept, and the messages."""
    result = read(text)
    kept = [getattr(getattr(s, "name", None), "id", type(s).__name__) for s in result.file.statements]
    return "\n\n".join([f"kept: {', '.join(kept)}", *map(render, result.diagnostics)])


@pytest.mark.parametrize("title", CASES)
def test_the_messages_are_the_reviewed_ones(title: str) -> None:
    text, expected = CASES[title]
    if os.environ.get("UPDATE_GOLDEN"):
        CASES[title] = (text, outcome(text))
        GOLDEN.write_text("\n\n".join(f"=== {t}\n{s}\n---\n{e}" for t, (s, e) in CASES.items()) + "\n", "utf-8")
    else:
        assert outcome(text) == expected


def test_every_code_is_shown() -> None:
    shown = set(re.findall(r"error\[(S\d+)\]", GOLDEN.read_text("utf-8")))
    assert shown == {"S101", "S102", "S103", "S104", "S105", "S106", "S107"}


def test_all_errors_are_reported_in_the_order_of_the_text() -> None:
    faults = ["x = a +", "y = f(a", "z = 3 ep", "w = $", "net set = a", "v = a b"]
    result = read("ssl 1\n" + "\nrun = 1ep\n".join(faults))
    assert [d.span.line for d in result.diagnostics if d.span] == [2, 4, 6, 8, 10, 12]
    assert [d.code for d in result.diagnostics] == ["S101", "S102", "S104", "S103", "S106", "S101"]


def test_the_statements_around_an_error_are_kept() -> None:
    text = "ssl 1\nnet f = g()\nstage a {\n  run = 1ep\n  loss = +\n  clock = f\n}\nstage b { run = 2ep }"
    file = read(text).file
    assert [type(s) for s in file.statements] == [tree.Declaration, tree.StageDecl, tree.StageDecl]
    stage = file.statements[1]
    assert isinstance(stage, tree.StageDecl)
    assert [s.name.id for s in stage.body if isinstance(s, tree.Setting)] == ["run", "clock"]


@pytest.mark.parametrize(
    ("kind", "text", "message"),
    [
        ("set", "a.b", "expected `=` or `.`, found the end of the text"),
        ("set", "a=", "expected an expression, found the end of the text"),
        ("set", "a=3 ep", "the unit of `3 ep` stands apart"),
        ("set", "a=f(3", "`(` opened on line 1 is never closed"),
        ("drop", "", "expected a name, found the end of the text"),
        ("drop", "a=3", "expected `.` or the end of the text, found `=`"),
    ],
)
def test_a_wrong_edit_is_refused(kind: str, text: str, message: str) -> None:
    with pytest.raises(SpecError) as error:
        parse_edit(text, kind)
    assert [d.message for d in error.value.diagnostics] == [message]


@pytest.mark.parametrize("text", ["", "a b", "a =", ")", "ssl 1", "net f = g()"])
def test_what_is_no_expression_is_refused(text: str) -> None:
    with pytest.raises(SpecError):
        parse_expression(Source("e", text))


def calls(text: str) -> int:
    """Function calls that reading a text makes: the same on every machine."""
    profile = Profile()
    profile.runcall(read, text)
    return sum(entry.callcount for entry in profile.getstats())


def test_the_work_grows_with_the_length_of_the_text() -> None:
    spec = (Path(__file__).parent / "specs" / "moam.ssl").read_text("utf-8").split("ssl 1\n")[1]
    calls("ssl 1\n" + spec)
    assert calls("ssl 1\n" + spec * 100) == pytest.approx(20 * calls("ssl 1\n" + spec * 5), rel=0.1)


@pytest.mark.parametrize("piece", ["x = f(\n", "(", "-", "[", "a$b\n", "f(a] ", "x = a b\n", "stage s {\n"])
def test_the_work_grows_with_the_number_of_errors(piece: str) -> None:
    calls(piece * 50)
    assert calls(piece * 1000) < 6 * calls(piece * 200)
