"""What each rule of the grammar builds. The names here are the names of rules and aliases in `grammars/ssl.lark`."""

from collections.abc import Callable
from typing import Any, cast

from attrs import evolve

from ssldsl.source import Span
from ssldsl.syntax import literals, tree
from ssldsl.syntax.lexer import Token

Builder = Callable[..., Any]  # the span of the whole, then the parts that the rule keeps


def _name(span: Span, token: Token) -> tree.Name:
    return tree.Name(token.text, span=Span(span.source, token.start, token.end))


def sequence(span: Span, *items: Any) -> tuple[Any, ...]:
    """A list whose items are all of one kind: names where they were tokens."""
    return tuple(_name(span, item) if isinstance(item, Token) else item for item in items if item is not None)


# --- statements -----------------------------------------------------------------------------------------------------


def version(span: Span, number: Token) -> tree.Number:
    return tree.Number(literals.number_value(number.text), number.text, span=span)


def file(span: Span, version: tree.Number | None, *statements: tree.Statement) -> tree.File:
    return tree.File(version, statements, span=span)


def use(span: Span, target: Token) -> tree.Use:
    place = Span(span.source, target.start, target.end)
    return tree.Use(string(place, target) if target.kind == "STRING" else _name(span, target), span=span)


def declaration(span: Span, word: Token, name: Token, count: tree.Expr | None, value: tree.Expr) -> tree.Declaration:
    return tree.Declaration(cast(Any, word.text), _name(span, name), value, count, span=span)


def param(span: Span, name: Token, type: tree.TypeName | None, value: tree.Expr, where: tree.Expr | None) -> tree.Param:
    return tree.Param(_name(span, name), type, value, where, span=span)


def def_formula(
    span: Span,
    name: Token,
    parameters: tuple[tree.Parameter, ...],
    returns: tree.TypeName | None,
    value: tree.Expr,
) -> tree.Def:
    return tree.Def(_name(span, name), parameters, returns, (), value, span=span)


def def_block(
    span: Span, name: Token, parameters: tuple[tree.Parameter, ...], returns: tree.TypeName | None, *rest: Any
) -> tree.Def:
    return tree.Def(_name(span, name), parameters, returns, rest[:-1], rest[-1], span=span)


def parameter(
    span: Span, using: Token | None, name: Token, type: tree.TypeName | None, default: tree.Expr | None
) -> tree.Parameter:
    return tree.Parameter(_name(span, name), type, default, using is not None, span=span)


def setting(span: Span, name: Token, value: tree.Expr) -> tree.Setting:
    return tree.Setting(_name(span, name), value, span=span)


def train(span: Span, nets: tuple[tree.Expr, ...]) -> tree.Train:
    return tree.Train(nets, span=span)


def init(span: Span, nets: tuple[tree.Expr, ...], origin: tree.Expr) -> tree.Init:
    return tree.Init(nets, origin, span=span)


def eval_(span: Span, value: tree.Expr) -> tree.Eval:
    return tree.Eval(value, span=span)


def watch(span: Span, value: tree.Expr) -> tree.Watch:
    return tree.Watch(value, span=span)


def update(span: Span, name: Token, *body: tree.Statement) -> tree.Update:
    return tree.Update(_name(span, name), body, span=span)


def stage_name(span: Span, name: Token, number: Token | None) -> tree.Name:
    """`refine`, or the round `refine.2` of it: one name."""
    return tree.Name(name.text if number is None else f"{name.text}.{number.text}", span=span)


def stage(
    span: Span,
    name: tree.Name,
    rounds: tree.Expr | None,
    after: tuple[tree.Name, ...] | None,
    *body: tree.Statement,
) -> tree.StageDecl:
    return tree.StageDecl(name, after or (), body, rounds, span=span)


def variant(
    span: Span,
    name: Token,
    extends: Token | None,
    stages: tuple[tree.Name, ...] | None,
    *edits: tree.SetEdit | tree.DropEdit,
) -> tree.Variant:
    parent = _name(span, extends) if extends else None
    return tree.Variant(_name(span, name), parent, stages or (), edits, span=span)


def edit(span: Span, edit: tree.SetEdit | tree.DropEdit) -> tree.SetEdit | tree.DropEdit:
    """The edit of a variant: its span takes in the word `set` or `drop`."""
    return evolve(edit, span=span)


def set_text(span: Span, path: tuple[tree.Name, ...], value: tree.Expr) -> tree.SetEdit:
    return tree.SetEdit(path, value, span=span)


def drop_text(span: Span, path: tuple[tree.Name, ...]) -> tree.DropEdit:
    return tree.DropEdit(path, span=span)


def sweep(span: Span, path: tuple[tree.Name, ...], values: tree.ListExpr | tree.Call) -> tree.Sweep:
    return tree.Sweep(path, values, span=span)


def range_(span: Span, name: Token, arguments: tuple[tree.Argument, ...]) -> tree.Call:
    return tree.Call(ref(_name(span, name).span, name), arguments, span=span)


def type_(span: Span, name: Token, *arguments: tree.TypeName | None) -> tree.TypeName:
    return tree.TypeName(_name(span, name), tuple(a for a in arguments if a is not None), span=span)


# --- expressions ----------------------------------------------------------------------------------------------------


def binary(span: Span, left: tree.Expr, op: Token, right: tree.Expr) -> tree.Binary:
    return tree.Binary(cast(Any, op.text), left, right, span=span)


def unary(span: Span, op: Token, operand: tree.Expr) -> tree.Unary:
    return tree.Unary(cast(Any, op.text), operand, span=span)


def named(span: Span, value: tree.Expr, name: Token) -> tree.Named:
    return tree.Named(value, _name(span, name), span=span)


def attribute(span: Span, value: tree.Expr, name: Token) -> tree.Attribute:
    return tree.Attribute(value, _name(span, name), span=span)


def call(span: Span, function: tree.Expr, arguments: tuple[tree.Argument, ...]) -> tree.Call:
    return tree.Call(function, arguments, span=span)


def argument(span: Span, *parts: Any) -> tree.Argument:
    name = _name(span, parts[0]) if len(parts) == 2 else None
    return tree.Argument(name, parts[-1], span=span)


def ref(span: Span, name: Token) -> tree.Ref:
    return tree.Ref(name.text, span=span)


def number(span: Span, token: Token) -> tree.Number:
    return tree.Number(literals.number_value(token.text), token.text, span=span)


def quantity(span: Span, token: Token) -> tree.Quantity:
    value, unit = literals.quantity_parts(token.text)
    return tree.Quantity(value, unit, span=span)


def string(span: Span, token: Token) -> tree.String:
    return tree.String(literals.string_value(token.text), span=span)


def bool_(span: Span, token: Token) -> tree.Bool:
    return tree.Bool(token.text == "true", span=span)


def nothing(span: Span, token: Token) -> tree.Nothing:
    return tree.Nothing(span=span)


def list_(span: Span, *items: tree.Expr | None) -> tree.ListExpr:
    return tree.ListExpr(sequence(span, *items), span=span)


def map_(span: Span, *entries: tree.MapEntry | None) -> tree.MapExpr:
    return tree.MapExpr(sequence(span, *entries), span=span)


def entry(span: Span, path: tuple[tree.Name, ...], value: tree.Expr) -> tree.MapEntry:
    """The key is one name, of a part with its dots: `encoder.layer4`."""
    key = tree.Name(".".join(name.id for name in path), span=Span(span.source, path[0].span.start, path[-1].span.end))
    return tree.MapEntry(key, value, span=span)


BUILDERS: dict[str, Builder] = {
    builder.__name__.rstrip("_"): builder
    for builder in (
        sequence, version, file, use, declaration, param, def_formula, def_block, parameter, setting, train, init,
        eval_, watch, update, stage_name, stage, variant, edit, set_text, drop_text, sweep, range_, type_, binary,
        unary, named, attribute, call, argument, ref, number, quantity, string, bool_, nothing, list_, map_, entry,
    )
}  # fmt: skip
EXPRESSIONS = frozenset(
    {"binary", "unary", "named", "attribute", "call", "list", "map"}
)  # builders whose results nest without end
