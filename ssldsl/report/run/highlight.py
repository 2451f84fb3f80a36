"""The text of a spec with its words told apart, for a page to color."""

from collections.abc import Iterator

from markupsafe import Markup, escape

from ssldsl.source import Source
from ssldsl.syntax.lexer import Token, tokenize
from ssldsl.syntax.tables import tables
from ssldsl.syntax.words import is_word

_PLAIN = {"NUMBER": "num", "QUANTITY": "num", "STRING": "str"}


def highlighted(text: str) -> Markup:
    """The text as HTML, each kind of token in a `span` of its class; nothing is added to it and nothing lost."""
    parts: list[Markup] = []
    position = 0
    for start, end, kind in sorted(_marks(Source("", text))):
        if start < position:
            continue
        parts.append(escape(text[position:start]))
        parts.append(Markup('<span class="{}">{}</span>').format(kind, text[start:end]))
        position = end
    return Markup("").join([*parts, escape(text[position:])])


def _marks(source: Source) -> Iterator[tuple[int, int, str]]:
    """Start, end and class of everything that has a class."""
    lexed = tokenize(source, tables())
    for comment in lexed.comments:
        yield comment.span.start, comment.span.end, "com"
    for token, after in zip(lexed.tokens, lexed.tokens[1:], strict=False):
        kind = _class(token, after)
        if kind and token.end > token.start and not token.made_up:
            yield token.start, token.end, kind


def _class(token: Token, after: Token) -> str:
    if token.kind == "NAME":
        if after.kind == "LPAR" and after.start == token.end:
            return "fn"
        return "set" if token.first and after.kind == "ASSIGN" else ""
    return _PLAIN.get(token.kind) or ("kw" if is_word(token.kind) else "")
