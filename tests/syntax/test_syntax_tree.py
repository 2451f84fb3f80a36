"""Every construct gives its node, with the span it was written at."""

import pytest
from syntax_trees import NOWHERE

from ssldsl.source import Source
from ssldsl.syntax import tree
from ssldsl.syntax.parser import parse, parse_edit, parse_expression


def name(id: str) -> tree.Name:
    return tree.Name(id, span=NOWHERE)


def ref(id: str) -> tree.Ref:
    return tree.Ref(id, span=NOWHERE)


def number(value: float) -> tree.Number:
    return tree.Number(value, str(value), span=NOWHERE)


def binary(op: str, left: tree.Expr, right: tree.Expr) -> tree.Binary:
    return tree.Binary(op, left, right, span=NOWHERE)


def call(function: tree.Expr, *arguments: tree.Expr, **named: tree.Expr) -> tree.Call:
    given = [tree.Argument(None, value, span=NOWHERE) for value in arguments]
    given += [tree.Argument(name(key), value, span=NOWHERE) for key, value in named.items()]
    return tree.Call(function, tuple(given), span=NOWHERE)


def list_of(*items: tree.Expr) -> tree.ListExpr:
    return tree.ListExpr(items, span=NOWHERE)


def quantity(value: float, unit: str) -> tree.Quantity:
    return tree.Quantity(value, unit, span=NOWHERE)


def type_(id: str, *arguments: tree.TypeName) -> tree.TypeName:
    return tree.TypeName(name(id), arguments, span=NOWHERE)


a, b, c, d = (ref(letter) for letter in "abcd")

EXPRESSIONS = {
    "1": number(1),
    "0.5": number(0.5),
    "128_000": tree.Number(128000, "128_000", span=NOWHERE),
    "5e-4": tree.Number(0.0005, "5e-4", span=NOWHERE),
    "200ep": quantity(200, "ep"),
    "0.5ep": quantity(0.5, "ep"),
    "1e3it": quantity(1000.0, "it"),
    "10%": quantity(10, "%"),
    '"a \\"b\\"\\n\\\\"': tree.String('a "b"\n\\', span=NOWHERE),
    "true": tree.Bool(True, span=NOWHERE),
    "false": tree.Bool(False, span=NOWHERE),
    "none": tree.Nothing(span=NOWHERE),
    "(a)": a,
    "[]": list_of(),
    "[a, 1,]": list_of(a, number(1)),
    "{}": tree.MapExpr((), span=NOWHERE),
    "{a: 1, train: b}": tree.MapExpr(
        (
            tree.MapEntry(name("a"), number(1), span=NOWHERE),
            tree.MapEntry(name("train"), b, span=NOWHERE),
        ),
        span=NOWHERE,
    ),
    "a.train.net": tree.Attribute(
        tree.Attribute(a, name("train"), span=NOWHERE), name("net"), span=NOWHERE
    ),
    "a()": call(a),
    "a(b, from=1)": call(a, b, **{"from": number(1)}),
    "a.b(c)(d)": call(call(tree.Attribute(a, name("b"), span=NOWHERE), c), d),
    "net(view)": call(ref("net"), ref("view")),
    "-a ** -b": tree.Unary("-", binary("**", a, tree.Unary("-", b, span=NOWHERE)), span=NOWHERE),
    "a ** b ** c": binary("**", a, binary("**", b, c)),
    "a - b - c": binary("-", binary("-", a, b), c),
    "a + b * c / d": binary("+", a, binary("/", binary("*", b, c), d)),
    "a >> b + c": binary(">>", a, binary("+", b, c)),
    "a then b >> c then d": binary("then", binary("then", a, binary(">>", b, c)), d),
    "a | b then c": binary("|", a, binary("then", b, c)),
    "a | b < c": binary("<", binary("|", a, b), c),
    "not a == b and c or d": binary(
        "or", binary("and", tree.Unary("not", binary("==", a, b), span=NOWHERE), c), d
    ),
    "a + 0.5*b as c": binary("+", a, tree.Named(binary("*", number(0.5), b), name("c"), span=NOWHERE)),
    "a(b) as c": tree.Named(call(a, b), name("c"), span=NOWHERE),
}  # fmt: skip


@pytest.mark.parametrize("text", EXPRESSIONS)
def test_an_expression_has_its_tree(text: str) -> None:
    assert parse_expression(Source("e", text)) == EXPRESSIONS[text]


def declaration(kind: str, id: str, value: tree.Expr) -> tree.Declaration:
    return tree.Declaration(kind, name(id), value, span=NOWHERE)


def setting(id: str, value: tree.Expr) -> tree.Setting:
    return tree.Setting(name(id), value, span=NOWHERE)


def parameter(id: str, type: tree.TypeName | None = None, default: tree.Expr | None = None, using: bool = False):
    return tree.Parameter(name(id), type, default, using, span=NOWHERE)


STATEMENTS = {
    'use "common.ssl"': tree.Use(tree.String("common.ssl", span=NOWHERE), span=NOWHERE),
    "use library": tree.Use(name("library"), span=NOWHERE),
    **{f"{kind} a = b": declaration(kind, "a", b) for kind in ("data", "stream", "view", "net", "head", "let")},
    "param a = 1": tree.Param(name("a"), None, number(1), None, span=NOWHERE),
    "param a: float = 1 where a > 0": tree.Param(
        name("a"), type_("float"), number(1), binary(">", a, number(0)), span=NOWHERE
    ),
    "def a() = b": tree.Def(name("a"), (), None, (), b, span=NOWHERE),
    "def a(b, c: List[Image] = d, using net = c, using head,) -> Loss { let d = b return d }": tree.Def(
        name("a"),
        (
            parameter("b"),
            parameter("c", type_("List", type_("Image")), d),
            parameter("net", None, c, using=True),
            parameter("head", using=True),
        ),
        type_("Loss"),
        (declaration("let", "d", b),),
        d,
        span=NOWHERE,
    ),
    "loss = a": setting("loss", a),
    "train a.b, c": tree.Train((tree.Attribute(a, name("b"), span=NOWHERE), c), span=NOWHERE),
    "init a, b from c": tree.Init((a, b), c, span=NOWHERE),
    "eval a as b": tree.Eval(tree.Named(a, name("b"), span=NOWHERE), span=NOWHERE),
    "stage a {}": tree.StageDecl(name("a"), (), (), span=NOWHERE),
    "stage a after b, c { run = 1ep train d }": tree.StageDecl(
        name("a"),
        (name("b"), name("c")),
        (setting("run", quantity(1, "ep")), tree.Train((d,), span=NOWHERE)),
        span=NOWHERE,
    ),
    "variant a {}": tree.Variant(name("a"), None, (), (), span=NOWHERE),
    "variant a extends b (c, d) { set a.train = 1 drop loss.vat }": tree.Variant(
        name("a"),
        name("b"),
        (name("c"), name("d")),
        (
            tree.SetEdit((name("a"), name("train")), number(1), span=NOWHERE),
            tree.DropEdit((name("loss"), name("vat")), span=NOWHERE),
        ),
        span=NOWHERE,
    ),
    "sweep a in log(1, 2)": tree.Sweep((name("a"),), call(ref("log"), number(1), number(2)), span=NOWHERE),
    "sweep a.b in [1, 2]": tree.Sweep((name("a"), name("b")), list_of(number(1), number(2)), span=NOWHERE),
}


@pytest.mark.parametrize("text", STATEMENTS)
def test_a_statement_has_its_tree_and_its_span(text: str) -> None:
    result = parse(Source("t", f"ssl 1 # one\n\n  {text}  # two"))
    assert result.diagnostics == ()
    assert result.file.statements == (STATEMENTS[text],)
    assert result.file.statements[0].span.text == text
    assert [(c.text, c.own_line) for c in result.file.comments] == [("# one", False), ("# two", False)]


def test_line_ends_mean_nothing() -> None:
    text = "ssl 1 stage a { run = 1ep loss = f ( b ) + c eval d } net e = f train e init e from d x = e"
    words = parse(Source("t", text.replace(" ", "\n"))).file
    assert words == parse(Source("t", text)).file
    assert len(words.statements) == 5


def test_a_word_of_declarations_is_a_value_where_no_declaration_follows() -> None:
    file = parse(Source("t", "ssl 1\ndef a(using net) = b >> net\nloss = net\n  (b)\nnet net2 = net")).file
    assert [getattr(s, "value", None) for s in file.statements] == [
        binary(">>", b, ref("net")),
        call(ref("net"), b),
        ref("net"),
    ]


def test_the_spans_of_parts_are_where_they_are_written() -> None:
    value = parse_expression(Source("e", "f(a) + (b * c) as d"))
    assert isinstance(value, tree.Binary)
    assert isinstance(value.right, tree.Named)
    assert [value.left.span.text, value.right.span.text, value.right.value.span.text, value.right.name.span.text] == [
        "f(a)",
        "(b * c) as d",
        "b * c",
        "d",
    ]


def test_an_edit_of_the_command_line_has_its_place_in_the_argument() -> None:
    edit = parse_edit("joint.run=100ep", "set")
    assert edit == tree.SetEdit((name("joint"), name("run")), quantity(100, "ep"), span=NOWHERE)
    assert (edit.path[1].span.place, edit.path[1].span.text) == ("--set:1:7", "run")
    assert parse_edit("loss.vat", "drop") == tree.DropEdit((name("loss"), name("vat")), span=NOWHERE)
    assert parse_edit("net.head=net(x)", "set").path == (name("net"), name("head"))


def test_carriage_returns_and_a_byte_order_mark_are_blanks() -> None:
    result = parse(Source("t", "\ufeffssl 1\r\nx = a  # c\r\n"))
    assert result.diagnostics == ()
    assert result.file.comments[0].text == "# c"
