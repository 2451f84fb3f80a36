"""Trees of valid files, by construction."""

from hypothesis import strategies as st

from ssldsl.source import Source, Span
from ssldsl.syntax import tree
from ssldsl.syntax.formatter import print_statement
from ssldsl.syntax.tables import tables

NOWHERE = Span(Source("made", ""), 0, 0)
WORDS = sorted(tables().keywords)
OWN_WORDS = ["data", "stream", "view", "net", "head"]  # reserved words that may name a parameter and be used

plain = st.from_regex(r"[a-z_][a-z0-9_]{0,8}", fullmatch=True).filter(lambda text: text not in WORDS)


def names(texts: st.SearchStrategy[str]) -> st.SearchStrategy[tree.Name]:
    return st.builds(tree.Name, texts, span=st.just(NOWHERE))


name = names(plain)
any_name = names(plain | st.sampled_from(WORDS))
own_name = names(plain | st.sampled_from(OWN_WORDS))


def made(node: type, *parts: st.SearchStrategy, **named: st.SearchStrategy) -> st.SearchStrategy:
    return st.builds(node, *parts, span=st.just(NOWHERE), **named)


def tuples(items: st.SearchStrategy, least: int = 0, most: int = 3) -> st.SearchStrategy[tuple]:
    return st.lists(items, min_size=least, max_size=most).map(tuple)


values = st.integers(0, 10**9) | st.floats(0, allow_nan=False, allow_infinity=False)
numbers = values.map(lambda value: tree.Number(value, repr(value), span=NOWHERE))
quantities = made(tree.Quantity, values, st.sampled_from(["ep", "it", "%"]))
strings = made(tree.String, st.text(st.characters(codec="utf-8"), max_size=8))
atoms = (
    numbers
    | quantities
    | strings
    | made(tree.Bool, st.booleans())
    | made(tree.Nothing)
    | made(tree.Ref, plain | st.sampled_from(OWN_WORDS))
)
OPERATORS = ["+", "-", "*", "/", "**", ">>", "|", "then", "==", "!=", "<", "<=", ">", ">=", "and", "or"]


def _larger(inner: st.SearchStrategy) -> st.SearchStrategy:
    return (
        made(tree.Binary, st.sampled_from(OPERATORS), inner, inner)
        | made(tree.Unary, st.sampled_from(["-", "not"]), inner)
        | made(tree.Named, inner, name)
        | made(tree.Attribute, inner, any_name)
        | made(tree.Call, inner, tuples(made(tree.Argument, st.none() | any_name, inner)))
        | made(tree.ListExpr, tuples(inner))
        | made(tree.MapExpr, tuples(made(tree.MapEntry, any_name, inner)))
    )


expressions = st.recursive(atoms, _larger, max_leaves=8)
types = st.recursive(made(tree.TypeName, name), lambda inner: made(tree.TypeName, name, tuples(inner)), max_leaves=3)
paths = tuples(any_name, 1)

declarations = made(
    tree.Declaration, st.sampled_from(["data", "stream", "view", "net", "head", "let"]), name, expressions
)
settings = made(tree.Setting, name, expressions)
steps = (
    declarations
    | settings
    | made(tree.Train, tuples(expressions, 1))
    | made(tree.Init, tuples(expressions, 1), expressions)
    | made(tree.Eval, expressions)
)
parameters = made(tree.Parameter, own_name, st.none() | types, st.none() | expressions, st.booleans())
edits = made(tree.SetEdit, paths, expressions) | made(tree.DropEdit, paths)
ranges = made(tree.Call, made(tree.Ref, plain), tuples(made(tree.Argument, st.none() | any_name, expressions)))
statements = (
    steps
    | made(tree.Param, name, st.none() | types, expressions, st.none() | expressions)
    | made(tree.Def, name, tuples(parameters), st.none() | types, tuples(declarations), expressions)
    | made(tree.StageDecl, name, tuples(name), tuples(steps))
    | made(tree.Variant, name, st.none() | name, tuples(name), tuples(edits))
    | made(tree.Sweep, paths, made(tree.ListExpr, tuples(expressions)) | ranges)
    | made(tree.Use, made(tree.String, st.text(st.characters(codec="utf-8"), max_size=8)) | name)
)
version = tree.Number(1, "1", span=NOWHERE)
files = made(tree.File, st.just(version), tuples(statements, 0, 4))


def printed(file: tree.File) -> str:
    """A file that no text stands behind, as text."""
    return "".join(f"{line}\n" for line in ("ssl 1", *map(print_statement, file.statements)))
