"""What a syntax error says: human words for what was expected and found, and the way out of the usual slips."""

from collections.abc import Iterable

from ssldsl.errors import nearest
from ssldsl.syntax.brackets import STATEMENT_WORDS, TOP_WORDS
from ssldsl.syntax.lexer import Token

SYMBOLS = {
    "EQUAL": "==", "UNEQUAL": "!=", "AT_MOST": "<=", "AT_LEAST": ">=", "LESS": "<", "GREATER": ">", "PIPE": ">>",
    "ARROW": "->", "POWER": "**", "STAR": "*", "SLASH": "/", "PLUS": "+", "MINUS": "-", "BAR": "|", "ASSIGN": "=",
    "AMPERSAND": "&",
    "COLON": ":", "COMMA": ",", "DOT": ".", "LPAR": "(", "RPAR": ")", "LSQB": "[", "RSQB": "]", "LBRACE": "{",
    "RBRACE": "}",
}  # fmt: skip
COMPARISONS = frozenset({"EQUAL", "UNEQUAL", "LESS", "AT_MOST", "GREATER", "AT_LEAST"})
OPERAND = frozenset(
    {"NAME", "NUMBER", "QUANTITY", "STRING", "LPAR", "LSQB", "LBRACE", "MINUS", "NOT", "TRUE", "FALSE", "NONE"}
)
_OPERATORS = COMPARISONS | {"PIPE", "POWER", "STAR", "SLASH", "PLUS", "MINUS", "BAR", "AMPERSAND", "DOT", "LPAR"}
_OPERATORS |= {"AND", "OR", "THEN", "AS"}
_ORDER = ("ASSIGN", "COLON", "COMMA", "RPAR", "RSQB", "RBRACE", "LPAR", "LSQB", "LBRACE", "DOT")
_PUNCTUATION = frozenset({*SYMBOLS, "NAME", "NUMBER", "QUANTITY", "STRING", "END"})
_OTHER_LANGUAGES = frozenset({"if", "else", "for", "while", "import", "lambda", "class", "with", "elif", "try"})
_SLIPS = {
    ("SLASH", "SLASH"): "a comment starts with `#`",
    ("BAR", "BAR"): "`or` joins conditions, `|` joins streams",
    ("ASSIGN", "GREATER"): "at least is `>=`",
    ("PLUS", "ASSIGN"): "a name is given its value once, with `=`",
    ("LESS", "GREATER"): "unequal is `!=`",
}


FORMS = {  # statements that look like settings to those who first write one
    "eval": "an evaluation is written `eval top1(images.test)`",
    "watch": "a number beside the losses is written `watch mean(mask) as kept`",
    "train": "what is trained is written `train encoder, classes`",
    "init": "where weights come from is written `init encoder from pretrain`",
    "sweep": "a sweep is written `sweep w in [0.1, 1.0]` or, to search, `sweep w in log(0.1, 1.0)`",
}


CALLED = {  # functions of other languages
    "where": "a comparison is a mask: `(confidence(p) >= 0.95) * cross_entropy(...)`",
}


def is_word(kind: str) -> bool:
    """Whether a kind of token is a reserved word."""
    return kind not in _PUNCTUATION


def found(token: Token) -> str:
    """A token as a message names it."""
    if token.kind == "END":
        return "the end of the text"
    if token.kind in ("NAME", "NUMBER", "QUANTITY"):
        kind = {"NAME": "name", "NUMBER": "number", "QUANTITY": "quantity"}[token.kind]
        return f"the {kind} `{token.text}`"
    return "a string" if token.kind == "STRING" else f"`{token.text}`"


def expected(kinds: frozenset[str]) -> str:
    """What could have stood there, in as few words as tell it: `` `)`, `,` or an operator``."""
    words: list[str] = []
    left = set(kinds)
    if {"COLON", "AFTER"} & left:  # the key of a map, or the name of a stage, could go on; what is missing comes after
        left.discard("DOT")
    if {"NUMBER", "NAME"} <= left and "LPAR" not in left:  # after a dot, where names are common and numbers rare
        left.discard("NUMBER")
    if {"NUMBER", "LPAR"} <= left:
        words.append("an expression")
        left -= OPERAND | (_words(left) if "SSL" in left else set())
    if {"PIPE", "PLUS"} <= left:
        words.append("an operator")
        left -= _OPERATORS
    if {"NET", "EXTENDS", "NAME"} <= left:
        words.append("a name")
        left -= {"NAME"} | _words(left)
    elif {"NET", "LET"} <= left:
        words.append("a statement")
        left -= STATEMENT_WORDS | {"NAME", "END"}
    elif {"NET", "NAME"} <= left:
        left -= STATEMENT_WORDS
    if "SET" in left and "DROP" in left:
        words.append("`set` or `drop`")
        left -= {"SET", "DROP"}
    marks = [f"`{SYMBOLS[kind]}`" for kind in _ORDER if kind in left]
    other = [_noun(kind) for kind in sorted(left - set(_ORDER))]
    return join([*marks, *other, *words])


def join(words: list[str]) -> str:
    """`a`, `a or b`, `a, b or c`."""
    return " or ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


def _words(kinds: Iterable[str]) -> set[str]:
    return {kind for kind in kinds if is_word(kind)}


def _noun(kind: str) -> str:
    nouns = {"NAME": "a name", "NUMBER": "a number", "STRING": "a string", "END": "the end of the text"}
    return nouns.get(kind) or f"`{SYMBOLS.get(kind, kind.lower())}`"


def slip(before: Token | None, token: Token, then: Token | None, kinds: frozenset[str]) -> str:
    """Help for the slips that people coming from other languages make, or nothing. `then`: the token behind."""
    if before is not None and (before.kind, token.kind) in _SLIPS and before.end == token.start:
        return _SLIPS[before.kind, token.kind]
    is_between = "LET" in kinds and "NUMBER" not in kinds  # a statement could begin here
    if token.kind == "ASSIGN" and "COLON" in kinds:
        return "the entries of a map are written `name: value`"
    if token.kind == "COLON" and {"STAR", "RPAR"} <= kinds:
        return "an argument is written `name=value`"
    if token.kind == "COLON" and "LBRACE" in kinds and "NUMBER" not in kinds:
        return "a block stands in braces: `{ ... }`"
    if token.kind == "ASSIGN" and "RBRACE" in kinds:
        return "the entries of a map are written `name: value`, and a map in a map has braces of its own"
    if (token.kind == "ASSIGN" and "IN" in kinds) or (before is not None and before.kind == "IN"):
        return FORMS["sweep"]
    if kinds == {"COLON"}:
        return "the entries of a map are written `name: value`"
    if token.kind == "STRING" and "NAME" in kinds and "NUMBER" not in kinds:
        return f"a name has no quotes: `{token.text.strip(chr(34))}`"
    if "FROM" in kinds and "NAME" not in kinds and token.first:
        return FORMS["init"]
    if token.kind == "SLASH" and is_between:
        return _SLIPS["SLASH", "SLASH"]
    if token.kind == "ASSIGN" and then is not None and then.kind == "GREATER" and then.start == token.end:
        return _SLIPS["ASSIGN", "GREATER"]
    if token.kind == "ASSIGN" and "EQUAL" in kinds:
        return "`==` compares"
    if token.kind in COMPARISONS and "AND" in kinds:
        return "comparisons are not chained: write `a < b and b < c`"
    if token.kind == "AS" and "PLUS" in kinds:
        return "a term has one name"
    if token.kind == "LSQB" and "STAR" in kinds:
        return "nothing is indexed: a part of a list is `first(list, n)`, and a list as an argument `f([1, 2])`"
    if token.kind == "RSQB" and before is not None and before.kind == "LSQB" and "RSQB" not in kinds:
        return "how many rounds the stage has stands there: `stage refine[5]`"
    if token.kind == "COMMA" and "RPAR" in kinds and before is not None and before.kind != "COMMA":
        return "a list stands in brackets: `[a, b]`"
    if token.kind == "COMMA" and before is not None and before.kind == "NUMBER":
        return "a decimal has a point: `0.1`; several values are `[a, b]` or `{name: value}`"
    if token.kind == "COMMA" and is_between:
        return "several values are a list `[a, b]` or a map `{name: value}`, and every `eval` has one metric"
    if token.kind == "DOT" and is_between:
        return 'the name of a file stands in quotes: `use "my_ops.py"`'
    if foreign(token):
        return foreign(token)
    if token.kind in OPERAND and "COMMA" in kinds and before is not None:
        return f"is a comma missing between `{before.text}` and `{token.text}`?"
    return ""


def foreign(token: Token) -> str:
    """Help for a word that other languages have and this one has not; empty for any other token."""
    if token.text in ("if", "else", "elif"):
        meant = "what changes with time is a schedule, `linear_ramp(5ep)` or `a then b`; alternatives are variants"
        return f"the language has no `{token.text}`: {meant}"
    return f"the language has no `{token.text}`" if token.text in _OTHER_LANGUAGES else ""


_NAMED = {"watch": "watch mean(mask)", "eval": "eval top1(images.test)"}  # statements whose name comes last


def named_first(word: str, name: Token) -> str:
    """Help for `watch kept = ...`. `word`: what the statement begins with."""
    return f"its name stands behind `as`: `{_NAMED[word]} as {name.text}`" if word in _NAMED else ""


def unsaid_value(token: Token, kinds: frozenset[str], block: str) -> str:
    """Help for the value of a `def` that stands there without its `return`."""
    is_value = block == "def" and "RETURN" in kinds and token.first and token.kind in OPERAND
    return f"the value of a definition stands behind `return`: `return {token.text}...`" if is_value else ""


def misplaced(token: Token, block: str, returned: bool) -> tuple[str, str]:
    """Message and help for a statement that cannot stand where it is.

    block: `stage`, `update`, `def`, `variant`, or empty. returned: the `return` of the def has been read.
    """
    word = f"`{token.text}`" if token.kind != "NAME" else f"the setting `{token.text}`"
    if token.kind == "SSL":
        return "the `ssl` line must be the first statement", "move it to the top of the file"
    if block == "variant":
        return f"{word} cannot stand inside `variant`", "a variant holds `set path = value` and `drop path`"
    if token.kind in ("SET", "DROP"):
        return f"{word} stands only inside a `variant`", "write `variant name { " + token.text + " ... }`"
    if token.kind == "RETURN":
        return "`return` stands only inside a `def`", ""
    if token.kind in TOP_WORDS:
        return f"{word} cannot stand inside `{block}`", "move it to the top level; is a `}` missing above?"
    if block == "update":
        holds = (
            "an update holds what it changes and how: `loss`, `train`, `optimizer`, `groups`, `clip`, `let`, `watch`"
        )
        return f"{word} cannot stand inside `update`", f"{holds}; move this into the stage"
    if block == "def" and returned:
        return f"{word} cannot stand after `return`", "`return value` ends a def"
    if block == "def":
        return f"{word} cannot stand inside `def`", "a def holds declarations and ends with `return value`"
    return f"{word} cannot stand here", ""


def no_value(name: Token, after: Token, then: Token | None) -> tuple[str, str]:
    """Message and help for a name that begins a statement and is not followed by `=`, but by something else."""
    mark = after.text
    if then is not None and then.kind == "ASSIGN" and then.start == after.end and after.kind in SYMBOLS:
        mark += "="
    help = _SLIPS["PLUS", "ASSIGN"] if mark.endswith("=") else f"a setting is written `{name.text} = value`"
    if mark == "{":
        help = f"a stage is written `stage {name.text} {{`"
    return f"expected `=` after `{name.text}`, found `{mark}`", help


def no_statement(token: Token, before: Token | None) -> str:
    """Help for a name that begins no statement."""
    word = nearest(token.text, [kind.lower() for kind in STATEMENT_WORDS])
    if foreign(token):
        return foreign(token)
    if word is not None:
        return f"did you mean `{word}`?"
    if before is not None and not token.first and before.kind not in ("LBRACE", "RBRACE"):
        return f"is an operator or a comma missing between `{before.text}` and `{token.text}`?"
    return f"a setting is written `{token.text} = value`"
