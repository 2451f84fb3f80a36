"""From text to tokens. Whatever the text, there are tokens: a token that is malformed is reported and mended.

The tokens are those of the grammar, tried in the order of lark's basic lexer. Two things the grammar cannot say are
done here: what a character that begins no token was meant to be, and when one of the words `data stream view net head`
is a use of a thing of that name rather than the start of a declaration.
"""

import re
from typing import NamedTuple

from attrs import define, field, frozen

from ssldsl.errors import Diagnostic
from ssldsl.source import Source, Span
from ssldsl.syntax import literals
from ssldsl.syntax.tables import Tables
from ssldsl.syntax.tree import Comment


class Token(NamedTuple):
    """A token. `first`: only blanks stand before it on its line. `made_up`: not in the text, put in by a repair."""

    kind: str
    text: str
    start: int
    end: int
    first: bool = False
    made_up: bool = False


@frozen
class Lexed:
    """The tokens of a text, ending with `END`; its comments; what was wrong."""

    tokens: list[Token]
    comments: tuple[Comment, ...]
    diagnostics: list[Diagnostic]


NAMESAKES = frozenset({"DATA", "STREAM", "VIEW", "NET", "HEAD"})
BEFORE_OPERAND = frozenset(
    {"ASSIGN", "LPAR", "COMMA", "LSQB", "COLON", "LBRACE", "OR", "AND", "NOT", "EQUAL", "UNEQUAL", "LESS", "AT_MOST"}
    | {"GREATER", "AT_LEAST", "BAR", "AMPERSAND", "THEN", "PIPE", "PLUS", "MINUS", "STAR", "SLASH", "POWER"}
    | {"WHERE", "RETURN", "TRAIN", "INIT", "FROM", "EVAL", "WATCH", "IN"}
)
_BEFORE_USE = BEFORE_OPERAND - {"LBRACE"}  # which may begin a block, and a key of a map is a name anyway
_AFTER_OPERAND = frozenset({"AS", "THEN", "AND", "OR", "WHERE", "FROM", "IN"})
_GLUED = re.compile(r"\.?\d(?:\w|\.(?=\d)|\.(?!\w)|(?<=[eE])[+-])*%?", re.ASCII)
_CURLY = {"“": "”", "„": "“", "'": "'", "‘": "’", "«": "»"}
_MEANT = {
    "&&": "AND", "!": "NOT", "^": "POWER", "×": "STAR", "·": "STAR", "÷": "SLASH",
    "−": "MINUS", "–": "MINUS", "≤": "AT_MOST", "≥": "AT_LEAST", "≠": "UNEQUAL", "→": "ARROW",
}  # fmt: skip
_SPELLED = {
    "AND": "and", "NOT": "not", "POWER": "**", "STAR": "*", "SLASH": "/", "MINUS": "-", "AT_MOST": "<=",
    "AT_LEAST": ">=", "UNEQUAL": "!=", "ARROW": "->",
}  # fmt: skip
MOST_TOKENS = 100_000  # some hundred times the longest shipped spec, read and checked within two seconds
_USELESS = {";": "statements need no `;`", "@": "", "$": "", "%": "`%` is glued to a number: `10%`"}


def tokenize(source: Source, tables: Tables, *, operand_first: bool = False) -> Lexed:
    """The tokens of a text. `operand_first`: it is an expression, so its first word is a use."""
    lexer = _Lexer(source, tables)
    lexer.run()
    tokens = _tell_uses(lexer.tokens, operand_first)
    end = tokens[-1].end if tokens else 0
    return Lexed([*tokens, Token("END", "", end, end, True)], tuple(lexer.comments), lexer.diagnostics)


def _tell_uses(tokens: list[Token], operand_first: bool) -> list[Token]:
    """Turn a reserved word into a name after a dot, and `net` where a value is wanted, as in `using net` ... `net(x)`.

    Where a word follows on the same line, as in `net f = ...`, it is a declaration, and the value before it is missing.
    """
    for i, token in enumerate(tokens):
        before = tokens[i - 1].kind if i else ""
        if before == "DOT" and token.kind not in ("NAME", "NUMBER") and token.text.isalpha():
            if not (token.first and _declares(tokens, i)):
                tokens[i] = token._replace(kind="NAME")
        elif (
            token.kind in NAMESAKES
            and (before in _BEFORE_USE or (operand_first and not i))
            and not _declares(tokens, i)
        ):
            tokens[i] = token._replace(kind="NAME")
    return tokens


def _declares(tokens: list[Token], i: int) -> bool:
    """Whether a word follows on the same line, other than an operator."""
    if i + 1 == len(tokens):
        return False
    after = tokens[i + 1]
    is_word = after.text[:1].isalpha() or after.text[:1] == "_"
    return is_word and not after.first and after.kind not in _AFTER_OPERAND


@define
class _Lexer:
    source: Source
    tables: Tables
    tokens: list[Token] = field(factory=list)
    comments: list[Comment] = field(factory=list)
    diagnostics: list[Diagnostic] = field(factory=list)
    first: bool = True

    def run(self) -> None:
        text, match_at, keywords = self.source.text, self.tables.pattern.match, self.tables.keywords
        position = 1 if text.startswith("\ufeff") else 0
        while position < len(text):
            if len(self.tokens) > MOST_TOKENS:
                self.too_long(position)
                break
            match = match_at(text, position)
            if match is None:
                position = self.unknown(position)
                continue
            kind, end = str(match.lastgroup), match.end()
            if kind == "BLANK":
                self.first = self.first or "\n" in match[0]
            elif kind == "COMMENT":
                self.comment(position, end)
            elif kind == "NAME":
                if not (end < len(text) and ord(text[end]) > 127 and (text[end].isalnum())):
                    if not self.is_detached_unit(match[0], position, end):
                        self.add(keywords.get(match[0], kind), match[0], position, end)
                else:
                    end = self.foreign_name(position)
            elif kind in ("NUMBER", "QUANTITY"):
                end = self.number(kind, position, end)
            elif kind == "DOT" and end < len(text) and text[end].isdigit() and text[end].isascii():
                end = self.number(kind, position, end) if not self.is_glued(position) else self.add_match(match)
            else:
                if kind == "STRING":
                    self.check_escapes(match[0], position)
                self.add(kind, match[0], position, end)
            position = end

    def too_long(self, position: int) -> None:
        """Give up on a text that is no spec, or one that a program wrote without end."""
        message = f"this file is too long: more than {MOST_TOKENS:,} words and signs"
        help = "a spec is one experiment; `use` brings in declarations of other files"
        self.tokens.clear()
        self.diagnostics[:] = [Diagnostic("D520", message, Span(self.source, position, position + 1), help=help)]

    def add(self, kind: str, text: str, start: int, end: int) -> None:
        self.tokens.append(Token(kind, text, start, end, self.first))
        self.first = False

    def add_match(self, match: re.Match[str]) -> int:
        self.add(str(match.lastgroup), match[0], match.start(), match.end())
        return match.end()

    def report(self, code: str, message: str, start: int, end: int, help: str) -> None:
        self.diagnostics.append(Diagnostic(code, message, Span(self.source, start, end), help=help))

    def comment(self, start: int, end: int) -> None:
        text = self.source.text[start:end].rstrip()
        self.comments.append(Comment(text, self.first, span=Span(self.source, start, start + len(text))))

    def is_glued(self, position: int) -> bool:
        """Whether something that has attributes ends here: behind `=` or `(` a dot begins a number."""
        before = self.tokens[-1] if self.tokens else None
        return (
            before is not None and before.end == position and (before.text[-1].isalnum() or before.text[-1] in "_)]}")
        )

    def check_escapes(self, text: str, start: int) -> None:
        escape = literals.unknown_escape(text)
        if escape:
            at = start + text.index(escape)
            known = '`\\"`, `\\\\`, `\\n` and `\\t`'
            self.report("S103", f"`{escape}` means nothing in a string", at, at + 2, f"there are {known}")

    # --- numbers --------------------------------------------------------------------------------------------------

    def number(self, kind: str, start: int, end: int) -> int:
        """Take a number with all that is glued to it; mend it if that is too much or too little."""
        match = _GLUED.match(self.source.text, start)
        run = match[0] if match else self.source.text[start:end]
        if len(run) > end - start or kind == "DOT":
            meant, help = literals.repair(run)
            self.report("S104", f"`{run}` is not a number", start, start + len(run), help)
        else:
            run = meant = self.source.text[start:end]
        if not literals.is_finite(meant):
            self.report("S104", "this number is too large", start, start + len(run), "the largest is about `1.8e308`")
            meant = "0"
        self.add("QUANTITY" if meant.endswith(("ep", "it", "%")) else "NUMBER", meant, start, start + len(run))
        return start + len(run)

    def is_detached_unit(self, word: str, start: int, end: int) -> bool:
        """Join a number and the unit that stands apart from it, as in `200 ep` or `10 %`."""
        before = self.tokens[-1] if self.tokens else None
        if before is None or before.kind != "NUMBER" or self.first or word.lower() not in literals.UNITS:
            return False
        if re.compile(r"[ \t]*(=(?!=)|\(|\.)").match(self.source.text, end):
            return False
        meant = before.text + literals.UNITS[word.lower()]
        written = self.source.text[before.start : end]
        self.report("S104", f"the unit of `{written}` stands apart", before.start, end, f"write `{meant}`")
        self.tokens[-1] = before._replace(kind="QUANTITY", text=meant, end=end)
        return True

    # --- what begins no token ---------------------------------------------------------------------------------------

    def unknown(self, start: int) -> int:
        text = self.source.text
        char = text[start]
        if char == '"' or char in _CURLY:
            return self.quoted(start)
        if char == "%" and self.is_detached_unit("%", start, start + 1):
            return start + 1
        if char.isalnum():
            return self.foreign_name(start)
        if char.isspace() or char in "\u200b\ufeff":
            end = start + 1
            self.report("S103", f"this blank is the character U+{ord(char):04X}", start, end, "write a plain space")
            return end
        end = start + (2 if text.startswith("&&", start) else 1)
        while end < len(text) and text[end] == char and text[start:end] not in _MEANT:
            end += 1
        kind = _MEANT.get(text[start:end], "")
        help = f"write `{_SPELLED[kind]}`" if kind else _USELESS.get(char, "")
        last = self.diagnostics[-1].span if self.diagnostics else None
        if last is None or last.text != text[start:end] or last.line != self.source.position(start)[0]:
            self.report("S103", f"the language has no {_quoted(text[start:end])}", start, end, help)
        if kind:
            self.add(kind, _SPELLED[kind], start, end)
        return end

    def quoted(self, start: int) -> int:
        """A string in other quotes, or one that its line does not close."""
        text = self.source.text
        line_end = text.find("\n", start)
        line_end = len(text) if line_end < 0 else line_end
        closing = '"' if text[start] == '"' else _CURLY[text[start]]
        end = text.find(closing, start + 1, line_end)
        if closing != '"' and end >= 0:
            content = text[start + 1 : end]
            self.report("S103", "strings stand in double quotes", start, end + 1, f'write `"{_shown(content)}"`')
            self.add("STRING", literals.string_text(content), start, end + 1)
            return end + 1
        content = text[start + 1 : line_end].split(" #")[0]  # what closes brackets, and a comment, is rather not meant
        end = start + 1 + len(content.rstrip(" \t\r])},"))
        self.report("S103", "this string is never closed", start, end, 'put `"` at its end, on the same line')
        self.add("STRING", literals.string_text(text[start + 1 : end].rstrip("\\")), start, end)
        return end

    def foreign_name(self, start: int) -> int:
        """A name with letters that names do not have. It is kept, so that what follows makes sense."""
        match = re.compile(r"\w+").match(self.source.text, start)
        end = match.end() if match else start + 1
        help = "names are made of the letters a to z and A to Z, digits and `_`"
        self.report("S103", f"`{_shown(self.source.text[start:end])}` cannot be a name", start, end, help)
        self.add("NAME", self.source.text[start:end], start, end)
        return end


def _quoted(text: str) -> str:
    return "backtick" if text[0] == "`" else f"`{_shown(text)}`"


def _shown(text: str) -> str:
    """The text, with what a terminal cannot show written out."""
    return "".join(char if char.isprintable() else f"\\x{ord(char):02x}" for char in text)
