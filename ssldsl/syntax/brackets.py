"""Brackets before parsing: which belong together, which are never closed, and where statements start.

The parser gets tokens whose brackets all match: a bracket that is never closed gets its partner where the next
statement begins, one that closes nothing is left out. So it can tell, from any token, how many blocks it stands in.
"""

from collections import Counter

from attrs import define, field, frozen

from ssldsl.errors import Diagnostic, Note
from ssldsl.source import Source, Span
from ssldsl.syntax.lexer import BEFORE_OPERAND, Token

PARTNER = {"LPAR": "RPAR", "LSQB": "RSQB", "LBRACE": "RBRACE"}
_OPENED_BY = {"RPAR": "(", "RSQB": "[", "RBRACE": "{"}
CLOSED_BY = {"RPAR": ")", "RSQB": "]", "RBRACE": "}"}
STATEMENT_WORDS = frozenset(
    {"SSL", "USE", "DATA", "STREAM", "VIEW", "NET", "HEAD", "PARAM", "LET", "DEF", "RETURN", "STAGE", "TRAIN", "INIT"}
    | {"EVAL", "WATCH", "UPDATE", "VARIANT", "SET", "DROP", "SWEEP"}
)
TOP_WORDS = frozenset({"SSL", "USE", "PARAM", "DEF", "STAGE", "VARIANT", "SWEEP"})  # never inside a block
_NAME_FOLLOWS = STATEMENT_WORDS - {"TRAIN", "INIT", "EVAL", "WATCH", "RETURN", "SSL", "USE"}
_NAME_FOLLOWS |= {"DOT", "AS", "AFTER", "EXTENDS", "COLON", "ARROW"}
SHOWN = 3  # brackets beside the outermost one that a message points to
BEFORE_VALUE = BEFORE_OPERAND - {"LBRACE", "COLON"}


@frozen
class Matched:
    """Tokens whose brackets match, and beside each of them where it stands.

    depth: how many blocks the token is in. direct: no bracket but blocks around it. starts: a statement may start here.
    blocks: the offsets of the `{` that open a block rather than a map.
    """

    tokens: list[Token]
    depth: list[int]
    direct: list[bool]
    starts: list[bool]
    blocks: frozenset[int]
    diagnostics: list[Diagnostic]


def match_brackets(source: Source, tokens: list[Token]) -> Matched:
    """Match the brackets, and mend those that do not."""
    matcher = _Matcher(source, tokens, _without_partner(tokens))
    matcher.run()
    return Matched(
        matcher.out, matcher.depth, matcher.direct, matcher.starts, frozenset(matcher.blocks), matcher.diagnostics
    )


def _without_partner(tokens: list[Token]) -> frozenset[int]:
    """The offsets of brackets that have no partner if one just counts."""
    open_: list[Token] = []
    waiting: Counter[str] = Counter()  # closers that the open brackets wait for
    alone: set[int] = set()
    for token in tokens:
        if token.kind in PARTNER:
            open_.append(token)
            waiting[PARTNER[token.kind]] += 1
        elif token.kind in CLOSED_BY and not waiting[token.kind]:
            alone.add(token.start)
        elif token.kind in CLOSED_BY:
            while PARTNER[open_[-1].kind] != token.kind:
                waiting[PARTNER[open_[-1].kind]] -= 1
                alone.add(open_.pop().start)
            waiting[token.kind] -= 1
            open_.pop()
    return frozenset(alone | {t.start for t in open_})


@frozen
class _Open:
    token: Token
    is_block: bool
    column: int  # of the statement it belongs to
    word: str  # that the statement starts with


@define
class _Matcher:
    source: Source
    tokens: list[Token]
    alone: frozenset[int]
    out: list[Token] = field(factory=list)
    depth: list[int] = field(factory=list)
    direct: list[bool] = field(factory=list)
    starts: list[bool] = field(factory=list)
    blocks: set[int] = field(factory=set)
    diagnostics: list[Diagnostic] = field(factory=list)
    open: list[_Open] = field(factory=list)
    waiting: Counter[str] = field(factory=Counter)  # closers that the open brackets wait for
    opened_blocks: int = 0
    statement: Token | None = None
    returned_at: int = -1

    def run(self) -> None:
        for i, token in enumerate(self.tokens):
            if token.kind == "END":
                self.close_all(token)
                self.put(token, True)
                return
            if self.open and token.first:
                self.close_forgotten(i)
            if token.kind in CLOSED_BY:
                self.close(i)
            else:
                start = self.is_direct and self.is_start(i)
                if start:
                    self.statement = token
                if token.kind == "RETURN":
                    self.returned_at = token.start
                self.put(token, start)
                if token.kind in PARTNER:
                    self.opening(token)

    @property
    def is_direct(self) -> bool:
        return not self.open or self.open[-1].is_block

    def put(self, token: Token, start: bool = False) -> None:
        self.out.append(token)
        self.depth.append(self.opened_blocks)
        self.direct.append(self.is_direct)
        self.starts.append(start)

    def is_start(self, i: int) -> bool:
        """Whether a token that stands directly in the file or in a block begins a statement."""
        token, before = self.tokens[i], self.tokens[i - 1] if i else None
        after = self.tokens[i + 1]
        if before is not None and before.kind == "DOT":
            return token.first and token.kind in STATEMENT_WORDS and after.kind == "NAME" and not after.first
        if before is not None and before.kind in _NAME_FOLLOWS and not token.first:
            return False
        if token.kind in STATEMENT_WORDS:
            return True
        if token.kind != "NAME" or after.kind != "ASSIGN":
            return False
        # after `=` or an operator, `NAME =` is the next statement only if it is on a line of its own
        return before is None or not (before.kind in _NAME_FOLLOWS or (before.kind in BEFORE_VALUE and not token.first))

    def opening(self, token: Token) -> None:
        before = self.out[-2].kind if len(self.out) > 1 else "ASSIGN"
        is_block = token.kind == "LBRACE" and self.is_direct and before not in BEFORE_OPERAND
        statement = self.statement or token
        word = statement.kind
        self.waiting[PARTNER[token.kind]] += 1
        self.open.append(_Open(token, is_block, self.column(statement), word))
        if is_block:
            self.blocks.add(token.start)
            self.opened_blocks += 1

    def column(self, token: Token) -> int:
        return self.source.position(token.start)[1]

    # --- closing ----------------------------------------------------------------------------------------------------

    def close(self, i: int) -> None:
        token = self.tokens[i]
        if not self.waiting[token.kind]:
            self.close_nothing(i)
            return
        inside = next(n for n, top in enumerate(reversed(self.open)) if PARTNER[top.token.kind] == token.kind)
        self.make_up(inside, token)
        self.pop()
        self.put(token)

    def close_nothing(self, i: int) -> None:
        """A bracket that nothing opened: taken for the right one if that is missing, else left out."""
        token = self.tokens[i]
        if self.open and not self.open[-1].is_block and not self.is_closed_later(i):
            opener = self.pop().token
            right = CLOSED_BY[PARTNER[opener.kind]]
            note = Note(self.span(opener), "opened here")
            message = f"`{opener.text}` is closed by `{token.text}`"
            help = f"write `{right}`"
            self.diagnostics.append(Diagnostic("S102", message, self.span(token), notes=[note], help=help))
            self.put(token._replace(kind=PARTNER[opener.kind], text=right))
        else:
            help = f"remove it, or write the `{_OPENED_BY[token.kind]}` that it should close"
            self.diagnostics.append(Diagnostic("S102", f"`{token.text}` closes nothing", self.span(token), help=help))

    def is_closed_later(self, i: int) -> bool:
        """Whether the innermost open bracket is closed within the statement, after a token."""
        wanted, inner = PARTNER[self.open[-1].token.kind], 0
        for j in range(i + 1, min(i + 200, len(self.tokens))):  # a statement is shorter than this
            token = self.tokens[j]
            if token.kind == "END" or (token.first and self.is_start(j)):
                return False
            inner += (token.kind == self.open[-1].token.kind) - (token.kind == wanted)
            if inner < 0:
                return True
        return False

    def pop(self) -> _Open:
        top = self.open.pop()
        self.opened_blocks -= top.is_block
        self.waiting[PARTNER[top.token.kind]] -= 1
        return top

    def make_up(self, count: int, at: Token) -> None:
        """Close the innermost brackets before a token, and report those that belong together as one."""
        forgotten: list[Token] = []
        for _ in range(count):
            top = self.pop()
            if top.is_block and forgotten:
                self.report_unclosed(forgotten, at)
                forgotten = []
            forgotten.append(top.token)
            closer, end = PARTNER[top.token.kind], self.out[-1].end
            self.put(Token(closer, CLOSED_BY[closer], end, end, made_up=True))
        if forgotten:
            self.report_unclosed(forgotten, at)

    def report_unclosed(self, openers: list[Token], at: Token) -> None:
        """`openers`: the innermost first."""
        first = openers[-1]
        line = self.source.position(first.start)[0]
        notes = [Note(self.span(token), "nor is this one") for token in openers[-2::-1][:SHOWN]]
        where = self.source.position(at.start)[0]
        if at.kind != "END" and where != line:
            what = "what is around it ends here" if at.kind in CLOSED_BY else "the next statement begins here"
            notes.append(Note(self.span(at), what))
        closers = "".join(CLOSED_BY[PARTNER[token.kind]] for token in openers)
        closers = closers if len(closers) <= 20 else f"{closers[:16]} ..."
        message = f"`{first.text}` opened on line {line} is never closed"
        self.diagnostics.append(Diagnostic("S102", message, self.span(first), notes=notes, help=f"add `{closers}`"))

    def close_all(self, at: Token) -> None:
        self.make_up(len(self.open), at)

    def close_forgotten(self, i: int) -> None:
        """Close what must have been forgotten if a statement starts at this token."""
        inside = 0
        for top in reversed(self.open):
            if not self.is_forgotten(top, i):
                break
            inside += 1
        self.make_up(inside, self.tokens[i])

    def is_forgotten(self, top: _Open, i: int) -> bool:
        token, before, after = self.tokens[i], self.tokens[i - 1], self.tokens[i + 1].kind
        alone = top.token.start in self.alone
        if top.is_block:
            return alone and self.is_start(i) and self.is_foreign(top, token)
        if not token.first or before.kind == "DOT":
            return False
        if token.kind in STATEMENT_WORDS and (after == "NAME" or (token.kind == "USE" and after == "STRING")):
            return True
        if token.kind != "NAME" or after != "ASSIGN":
            return False
        # `NAME =` after a comma is an argument, unless it stands as far left as the statement does
        return before.kind not in BEFORE_OPERAND or (alone and self.column(token) <= top.column)

    def is_foreign(self, top: _Open, token: Token) -> bool:
        """Whether a statement with this first token cannot belong to an open block."""
        if token.kind in TOP_WORDS:
            return True
        if top.word == "VARIANT":
            return token.kind not in ("SET", "DROP")
        if top.word == "DEF":
            return self.returned_at > top.token.start
        return self.column(token) <= top.column

    def span(self, token: Token) -> Span:
        return Span(self.source, token.start, token.end)
