"""From text to the located syntax tree, with all syntax errors of the text in one run.

`parse` never raises: it gives the tree of all statements that are right, and a diagnostic for every cause of the rest.
"""

from functools import lru_cache
from typing import Literal, cast

from attrs import evolve, frozen

from ssldsl.errors import Diagnostic, SpecError
from ssldsl.source import Source, Span
from ssldsl.syntax import tree
from ssldsl.syntax.brackets import match_brackets
from ssldsl.syntax.lexer import Token, tokenize
from ssldsl.syntax.recovery import Recovery
from ssldsl.syntax.tables import tables

VERSION = 1  # of the language


@frozen
class ParseResult:
    """A tree, whole or partial, and what was wrong with the text."""

    file: tree.File
    diagnostics: tuple[Diagnostic, ...]


@lru_cache(
    maxsize=64
)  # a spec and the library's definitions are read for every variant, and in an editor for every key
def parse(source: Source) -> ParseResult:
    """The tree of a file. With diagnostics, it lacks the statements that could not be read."""
    value, comments, tokens, diagnostics = _read(source, "file")
    file = value if isinstance(value, tree.File) else tree.File(None, (), span=Span(source, 0, 0))
    file = evolve(file, comments=comments, span=Span(source, 0, len(source.text)))
    if not any(d.code in ("S105", "D520") for d in diagnostics):
        diagnostics += _version(source, file.version, tokens)
    return ParseResult(file, tuple(sorted(diagnostics, key=lambda d: d.sort_key)))


def parse_expression(source: Source) -> tree.Expr:
    """The tree of a text that is one expression; a `SpecError` if it is none."""
    return cast(tree.Expr, _whole(source, "expression"))


def parse_edit(text: str, kind: Literal["set", "drop"]) -> tree.SetEdit | tree.DropEdit:
    """The edit that the text of `--set path=value` or `--drop path` means; a `SpecError` if it means none."""
    return cast(tree.SetEdit | tree.DropEdit, _whole(Source(f"--{kind}", text), f"{kind}_text"))


def _whole(source: Source, start: str) -> object:
    value, _, _, diagnostics = _read(source, start)
    if diagnostics:
        raise SpecError(diagnostics)
    return value


def _read(source: Source, start: str) -> tuple[object, tuple[tree.Comment, ...], list[Token], list[Diagnostic]]:
    lexed = tokenize(source, tables(), operand_first=start == "expression")
    matched = match_brackets(source, lexed.tokens)
    parser = Recovery(source, tables(), start, matched, [*lexed.diagnostics, *matched.diagnostics])
    value = parser.run()
    return value, lexed.comments, lexed.tokens, parser.diagnostics


def _version(source: Source, version: tree.Number | None, tokens: list[Token]) -> list[Diagnostic]:
    """What is wrong with the `ssl` line."""
    if version is not None and version.value == VERSION and version.text == str(VERSION):
        return []
    help = f"write `ssl {VERSION}`"
    if version is not None:
        return [Diagnostic("S105", f"`ssl {version.text}` is no version of the language", version.span, help=help)]
    first = tokens[0]
    if first.kind == "SSL":  # what is wrong there is reported where it was read
        return []
    span = Span(source, first.start, first.end)
    return [Diagnostic("S105", "the file does not say its version", span, help=f"{help} as the first line")]
