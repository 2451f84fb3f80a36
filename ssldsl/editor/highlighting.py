"""Specs in color wherever Pygments colors code: documentation, notebooks, pages. Its name there is `ssl`."""

from typing import ClassVar

from pygments.lexer import RegexLexer, words
from pygments.token import Comment, Keyword, Name, Number, Operator, Punctuation, String, Text, Whitespace

KEYWORDS = (
    *("ssl", "data", "stream", "view", "net", "head", "let", "param", "def", "using", "where", "return", "use", "as"),
    *("stage", "after", "train", "init", "from", "eval", "watch", "update", "variant", "extends", "set", "drop"),
    *("sweep", "in"),
)
CONSTANTS = ("true", "false", "none")


class SslLexer(RegexLexer):
    """The words of `grammars/ssl.lark`; durations and percentages are numbers with their units."""

    name = "ssldsl"
    aliases: ClassVar[list[str]] = ["ssl"]
    filenames: ClassVar[list[str]] = ["*.ssl"]
    url = "https://pypi.org/project/ssldsl"
    tokens: ClassVar[dict[str, list[object]]] = {
        "root": [
            (r"#[^\n]*", Comment.Single),
            (r'"[^"\n]*"', String),
            (r"\d+(\.\d+)?([eE][+-]?\d+)?(ep|it|%)?", Number),
            (words(CONSTANTS, prefix=r"(?<![\w.])", suffix=r"\b(?!\s*[(=.])"), Keyword.Constant),
            (words(KEYWORDS, prefix=r"(?<![\w.])", suffix=r"\b(?!\s*[(=.,)])"), Keyword),
            (r"(?<![\w.])(and|or|not|then)\b", Operator.Word),
            (r"[A-Za-z_]\w*(?=\s*\()", Name.Function),
            (r"[A-Za-z_]\w*(?=\s*=(?!=))", Name.Attribute),
            (r"[A-Za-z_]\w*", Name),
            (r">>|\*\*|==|!=|<=|>=|[-+*/|<>=&]", Operator),
            (r"[()\[\]{},:.]", Punctuation),
            (r"\s+", Whitespace),
            (r".", Text),
        ]
    }
