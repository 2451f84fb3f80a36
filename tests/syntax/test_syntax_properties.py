"""What holds for every text: trees survive printing, the formatter is stable and keeps comments, nothing crashes."""

import re

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from syntax_trees import expressions, files, printed

from ssldsl.errors import SpecError, render
from ssldsl.source import Source
from ssldsl.syntax import tree
from ssldsl.syntax.formatter import format_text
from ssldsl.syntax.parser import ParseResult, parse, parse_edit, parse_expression
from ssldsl.syntax.printer import print_expr

few = settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
PIECES = re.compile(r"\"(?:[^\"\\\n]|\\.)*\"|[\w.%]+|\s+|>>|\*\*|[<>=!]=|->|.", re.DOTALL)
SPEC = (
    'ssl 1\ndata d = digits("x")  # data\nparam w: weight = 0.3 where w > 0\n'
    "def f(x, using net = enc) -> Loss {\n  let y = net(x)\n  return 0.5*g(y) as a\n}\n"
    "stage one after zero {\n  train f.layer4, g\n  init f from zero.average\n  loss = ce(x) + 0.7*rot({a: [1]}) as r\n"
    "  run = 30ep  # long\n  eval top1(x) as t\n}\nvariant v extends u (one) { set one.run = 3ep drop loss.r }\n"
    "sweep w in [0.1, 10%]\n"
    "sweep w in int(8, 64, step=8)\n"
)


def read(text: str) -> ParseResult:
    return parse(Source("t.ssl", text))


@few
@given(expressions)
def test_an_expression_survives_printing(expr: tree.Expr) -> None:
    assert parse_expression(Source("e", print_expr(expr))) == expr


@few
@given(files)
def test_a_file_survives_printing(file: tree.File) -> None:
    result = read(printed(file))
    assert not result.diagnostics
    assert result.file.statements == file.statements


@few
@given(files)
def test_what_is_printed_is_laid_out_alike(file: tree.File) -> None:
    once = format_text(Source("t.ssl", printed(file)))
    assert format_text(Source("t.ssl", once)) == once


@few
@given(files, st.data())
def test_comments_anywhere_are_kept_and_the_layout_is_stable(file: tree.File, data: st.DataObject) -> None:
    pieces = PIECES.findall(printed(file))
    for i in range(data.draw(st.integers(0, 6))):
        at = data.draw(st.integers(0, len(pieces)))
        pieces.insert(at, f"{data.draw(st.sampled_from([' ', chr(10), chr(10) * 3]))}# {i}\n")
    source = Source("t.ssl", "".join(pieces))
    if read(source.text).diagnostics:
        return  # a line that begins between `data` and the value it stands for makes a declaration of it
    once = format_text(source)
    assert sorted(c.text for c in read(once).file.comments) == sorted(c.text for c in read(source.text).file.comments)
    assert format_text(Source("t.ssl", once)) == once


@few
@given(st.data())
def test_broken_texts_give_diagnostics_inside_the_text_and_never_crash(data: st.DataObject) -> None:
    pieces = PIECES.findall(SPEC)
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(pieces) - 1))
        action = data.draw(st.sampled_from(["drop", "swap", "put", "cut"]))
        if action == "drop":
            del pieces[at : at + data.draw(st.integers(1, 3))]
        elif action == "swap":
            other = data.draw(st.integers(0, len(pieces) - 1))
            pieces[at], pieces[other] = pieces[other], pieces[at]
        elif action == "put":
            pieces.insert(at, data.draw(st.sampled_from([*PIECES.findall(SPEC), "$", "é", '"', "'", "3.", ".5", "]"])))
        else:
            pieces[at] = pieces[at][: len(pieces[at]) // 2]
        pieces = pieces or [" "]
    check_never_crashes("".join(pieces))


@few
@given(st.text(st.sampled_from("ab1.%\"'#=(){}[],:|>*+-\n \u00e9\u2003\x00net ssl1def stage")) | st.text())
def test_any_text_gives_a_tree_and_diagnostics(text: str) -> None:
    check_never_crashes(text)


def check_never_crashes(text: str) -> None:
    result = read(text)
    for diagnostic in result.diagnostics:
        assert diagnostic.span is not None
        assert 0 <= diagnostic.span.start <= diagnostic.span.end <= len(text)
        assert render(diagnostic).startswith(f"error[{diagnostic.code}]")
    if result.diagnostics:
        try:
            format_text(Source("t.ssl", text))
        except SpecError as error:
            assert error.diagnostics == list(result.diagnostics)
    else:
        once = format_text(Source("t.ssl", text))
        assert format_text(Source("t.ssl", once)) == once
    for kind in ("set", "drop"):
        try:
            parse_edit(text[:40], kind)
        except SpecError as error:
            assert error.diagnostics
