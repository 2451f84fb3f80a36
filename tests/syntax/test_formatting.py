"""One layout: what is aligned, what is broken, where comments go; stability is in `test_syntax_properties`."""

from pathlib import Path

import pytest

from ssldsl.errors import InternalError, SpecError
from ssldsl.source import Source
from ssldsl.syntax import formatter, tree
from ssldsl.syntax.formatter import format_text, print_statement
from ssldsl.syntax.parser import parse, parse_expression
from ssldsl.syntax.printer import print_expr

SPECS = sorted(Path(__file__).parent.joinpath("specs").glob("*.ssl"))


def laid_out(text: str) -> str:
    return format_text(Source("t.ssl", text))


@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.stem)
def test_the_full_specs_keep_their_meaning_and_their_layout(path: Path) -> None:
    source = Source(path.name, path.read_text("utf-8"))
    text = format_text(source)
    assert parse(Source(path.name, text)).file == parse(source).file
    assert format_text(Source(path.name, text)) == text
    assert max(len(line.split("  #")[0]) for line in text.splitlines() if not line.startswith("#")) <= 100


def test_equal_signs_of_adjacent_statements_of_one_kind_stand_below_each_other() -> None:
    text = "ssl 1\nnet f=a\nhead   classes = b\nloss=c\noptimizer =d\n\nrun=3ep\n"
    text += "param T:float=1 where T>0\nparam long: prob=0"
    assert laid_out(text) == (
        "ssl 1\n"
        "net  f       = a\n"
        "head classes = b\n"
        "loss      = c\n"
        "optimizer = d\n"
        "\n"
        "run = 3ep\n"
        "param T:    float = 1 where T > 0\n"
        "param long: prob  = 0\n"
    )


def test_terms_of_a_long_loss_stand_below_each_other_with_their_names() -> None:
    term = "cross_entropy(classes(encoder(labeled)), labeled.label, smoothing=0.01)"
    assert laid_out(f"ssl 1 loss = {term} as first + 0.5*g(x) as second - h") == (
        f"ssl 1\nloss = {term} as first\n     + {'0.5*g(x)':<{len(term)}} as second\n     - h\n"
    )


def test_a_long_call_has_one_argument_a_line() -> None:
    assert laid_out(f"ssl 1 optimizer = sgd(lr=0.1 * cosine(), {'m' * 50}=0.9, {'w' * 20}=[1, 2])") == (
        f"ssl 1\noptimizer = sgd(\n  lr=0.1 * cosine(),\n  {'m' * 50}=0.9,\n  {'w' * 20}=[1, 2],\n)\n"
    )


def test_comments_stay_where_a_line_can_end() -> None:
    text = (
        "# above\n"
        "\n"
        "ssl 1  # version\n"
        "\n"
        "x = f(  # opened\n"
        "  # before a\n"
        "  a,  # after a\n"
        "  b,\n"
        "  # last\n"
        ")  # closed\n"
        "\n"
        "loss = a  # one\n"
        "     # between\n"
        "     + b\n"
        "stage s {  # head\n"
        "  run = 3ep  # run\n"
        "\n"
        "  # end\n"
        "}\n"
        "# below\n"
    )
    assert laid_out(text) == text


def test_a_comment_where_no_line_can_end_goes_before_its_statement() -> None:
    assert laid_out("ssl 1\nx = # why\n  a\ntrain f # because\n . g") == (
        "ssl 1\n# why\nx = a\n# because\ntrain f.g\n"
    )  # fmt: skip


def test_comments_after_adjacent_lines_stand_below_each_other() -> None:
    assert laid_out("ssl 1\nx = a # one\nlonger = b # two\ny = c\nz = d # three") == (
        "ssl 1\nx      = a  # one\nlonger = b  # two\ny      = c\nz      = d  # three\n"
    )


def test_blank_lines_are_kept_one_at_a_time() -> None:
    assert laid_out("\n\nssl 1\n\n\n\nx = a\nstage s {\n\n\n  y = b\n\n\n\n  z = c\n\n}\n\n\n") == (
        "ssl 1\n\nx = a\nstage s {\n  y = b\n\n  z = c\n}\n"
    )


@pytest.mark.parametrize(
    ("written", "printed"),
    [
        ("((a)) + (b*c)", "a + b * c"),
        ("a - (b - c)", "a - (b - c)"),
        ("(a + b) * c", "(a + b) * c"),
        ("a + 0.7 * b / c", "a + 0.7*b/c"),
        ("0.7*a", "0.7 * a"),
        ("(-a) ** 2", "(-a)**2"),
        ("-(a ** 2)", "-a**2"),
        ("2 ** (-a)", "2**-a"),
        ("(a ** b) ** c", "(a**b)**c"),
        ("(a < b) < c", "(a < b) < c"),
        ("not (a and b)", "not (a and b)"),
        ("(not a) and b", "not a and b"),
        ("(a + b) as c", "(a + b) as c"),
        ("(a * b) as c", "a * b as c"),
        ("(a >> b).dim", "(a >> b).dim"),
        ("(3).a", "(3).a"),
        ("a >> (b >> c)", "a >> (b >> c)"),
        ("0_1_0it", "0_1_0it"),
        ("{a :1,}", "{a: 1}"),
    ],
)
def test_parentheses_stand_only_where_the_meaning_needs_them(written: str, printed: str) -> None:
    assert print_expr(parse_expression(Source("e", written))) == printed


def test_a_long_def_has_its_sum_below_it() -> None:
    text = f"ssl 1 def objective(x) -> Loss = {'f(x)' + ' + g(x)' * 30} def short(x) {{ return x }}"
    assert laid_out(text).splitlines()[1:4] == ["def objective(x) -> Loss =", "    f(x)", "  + g(x)"]
    assert laid_out(text).splitlines()[-1] == "def short(x) = x"


def test_a_variant_of_one_edit_is_one_line() -> None:
    assert laid_out("ssl 1 variant a {\n set b.c = 1 }\nvariant d extends a (s) { set b=1 drop l.v }") == (
        "ssl 1\nvariant a { set b.c = 1 }\nvariant d extends a (s) {\n  set b = 1\n  drop l.v\n}\n"
    )


def test_a_file_with_syntax_errors_is_refused() -> None:
    with pytest.raises(SpecError) as error:
        laid_out("ssl 1\nx = a +\ny = )")
    assert [d.code for d in error.value.diagnostics] == ["S101", "S102"]


def test_a_layout_that_changes_the_meaning_is_an_internal_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(formatter.printer, "print_expr", lambda expr: "other")
    with pytest.raises(InternalError):
        laid_out("ssl 1\nx = a")


def test_a_statement_is_printed_without_a_text_behind_it() -> None:
    stage = parse(Source("t", "ssl 1 net f = a loss = b stage s after r { run = 1ep } eval c")).file.statements[2]
    assert isinstance(stage, tree.StageDecl)
    assert print_statement(stage) == "stage s after r {\n  run = 1ep\n}"
    assert print_statement(stage.body[0]) == "run = 1ep"
