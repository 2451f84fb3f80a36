"""Parsing that goes on after an error: panic mode over the LALR tables.

An error is reported once. If a single token explains it (a reserved word as a name), it is mended; else the tokens up
to the next statement, or to the end of the block, are skipped, the stack is popped to where a statement may stand, and
the rest is parsed as if nothing had been there. Errors that follow from one already reported in the same statement are
not reported.
"""

from bisect import bisect_left

from attrs import define, field

from ssldsl.errors import Diagnostic
from ssldsl.source import Source, Span
from ssldsl.syntax import words
from ssldsl.syntax.brackets import BEFORE_VALUE, STATEMENT_WORDS, Matched
from ssldsl.syntax.lexer import Token
from ssldsl.syntax.machine import Machine
from ssldsl.syntax.tables import Tables

_HEADS = frozenset({"STAGE", "UPDATE", "VARIANT", "DEF"})
_BRACKETS = frozenset({"LPAR", "LSQB"})


@define
class Recovery:
    """One parse of one text. `diagnostics` begins with what the lexer and the brackets had to say."""

    source: Source
    tables: Tables
    start: str
    matched: Matched
    diagnostics: list[Diagnostic]
    machine: Machine = field(init=False)
    causes: list[int] = field(init=False)  # where bad characters and brackets are
    has_returned: bool = False  # a `return` that was not read to its end has been dropped

    def __attrs_post_init__(self) -> None:
        self.machine = Machine(self.source, self.tables, self.start)
        bad = (d.span.start for d in self.diagnostics if d.span is not None and d.code in ("S102", "S103"))
        self.causes = sorted(bad)

    @property
    def tokens(self) -> list[Token]:
        return self.matched.tokens

    def run(self) -> object:
        """What the text means, or as much of it as could be read; None if nothing could."""
        i = 0
        while i < len(self.tokens):
            token = self.tokens[i]
            if not self.lacks_value(i) and self.machine.feed(token):
                i += 1
            elif self.mend(i):
                continue
            elif self.start == "file":
                i = self.skip(i, self.explain(i))
            else:
                self.explain(i)
                break
        self.report_depth()
        return self.machine.result

    def lacks_value(self, i: int) -> bool:
        """Whether the next statement begins where a value should stand: `loss =`, and `run = 30ep` on a new line."""
        if not i or not self.matched.starts[i]:
            return False
        before, is_name = self.tokens[i - 1].kind, self.tokens[i].kind == "NAME"
        wanted = before == "DOT" or (is_name and before in BEFORE_VALUE)
        return wanted and self.base() < len(self.machine.symbols)

    def report(self, code: str, message: str, token: Token, help: str) -> None:
        span = Span(self.source, token.start, token.end)
        self.diagnostics.append(Diagnostic(code, message, span, help=help))

    def report_depth(self) -> None:
        """Expressions nested too deeply: the innermost of each."""
        last = -1
        for span in self.machine.too_deep:
            if span.start > last:
                message = "this expression is nested too deeply"
                self.diagnostics.append(Diagnostic("S107", message, span, help="give parts of it a name of their own"))
            last = max(last, span.end)

    # --- mending ----------------------------------------------------------------------------------------------------

    def mend(self, i: int) -> bool:
        """Take a reserved word for the name it was meant to be."""
        token, machine = self.tokens[i], self.machine
        if not i or self.lacks_value(i):
            return False
        expected, before = machine.expected(), self.tokens[i - 1]
        if not machine.saved and self.is_name_meant(i, expected):
            self.tokens[i] = self.renamed(i)
            return True
        if not words.is_word(before.kind) or machine.symbols[-1:] not in ([before.kind], ["_any_name"]):
            return False
        begins = self.base() == len(machine.symbols) - 1
        if (token.kind == "ASSIGN" and begins) or (expected == {"ASSIGN"} and not begins):  # `view = 3`, `f(stage)`
            machine.pop(1)
            return machine.feed(self.renamed(i - 1))
        return False

    def renamed(self, i: int) -> Token:
        """Report a reserved word as no name, and make it one."""
        token, is_called = self.tokens[i], self.tokens[i + 1].kind == "LPAR"
        help = words.FORMS.get(token.text) if token.first else words.CALLED.get(token.text) if is_called else None
        message = f"`{token.text}` is a reserved word and cannot be a name"
        self.report("S106", message, token, help or "choose another name")
        return token._replace(kind="NAME")

    def is_name_meant(self, i: int, expected: frozenset[str]) -> bool:
        """Whether a reserved word stands where a name should, and is not the start of the next statement."""
        token = self.tokens[i]
        if not words.is_word(token.kind) or "NAME" not in expected:
            return False
        if self.matched.starts[i] and token.first:
            return False
        if token.text in words.CALLED and self.tokens[i + 1].kind == "LPAR":
            return "NUMBER" in expected
        if "NUMBER" in expected:  # a value is wanted: operators and the like rather show that one is missing
            return token.kind in STATEMENT_WORDS | {"USING"} and not self.matched.starts[i]
        return "LET" not in expected

    # --- explaining -------------------------------------------------------------------------------------------------

    def explain(self, i: int) -> int:
        """Report what is wrong at a token, unless it follows from what was reported. Gives the token that is wrong."""
        token, before = self.tokens[i], self.tokens[i - 1] if i else None
        expected = self.machine.expected()
        culprit, code = i, "S101"
        place = token
        if expected == {"ASSIGN"} and before is not None and self.is_bare_name(before) and self.is_foreign(i - 2):
            culprit, place = i - 2, self.tokens[i - 2]
            message, help = f"expected an expression, found `{place.text}`", words.foreign(place)
        elif expected == {"ASSIGN"} and before is not None and self.is_bare_name(before) and self.is_mark(i):
            then = self.tokens[i + 1] if i + 1 < len(self.tokens) else None
            message, help = words.no_value(before, token, then)
        elif expected == {"ASSIGN"} and before is not None and self.is_bare_name(before):
            culprit, place = i - 1, before
            message = f"expected a statement, found {words.found(before)}"
            help = words.no_statement(before, self.tokens[i - 2] if i > 1 else None)
        elif before is not None and self.machine.symbols[-1:] == ["SSL"]:
            culprit, place, code = i - 1, self.tokens[i - 1], "S105"
            message, help = "`ssl` wants the version of the language", "write `ssl 1`"
        elif self.matched.starts[i] and self.is_between(expected):
            code = "S105" if token.kind == "SSL" else "S101"
            message, help = words.misplaced(token, self.block(), "RBRACE" in expected)
        elif token.kind == "RBRACE" and "RETURN" in expected:
            message, help = "this `def` has no `return`", "end it with `return value`"
        else:
            message, place, help = self.unexpected(i, expected)
        if not self.follows(culprit):
            self.report(code, message, place, help)
        if "LBRACE" in expected and set(self.machine.symbols[self.base() :]) & _HEADS:
            self.forgive_closing(place.start)
        return culprit

    def unexpected(self, i: int, expected: frozenset[str]) -> tuple[str, Token, str]:
        """What to say of a token that is none of those expected: the message, its place, and help."""
        token, before = self.tokens[i], self.tokens[i - 1] if i else None
        then = self.tokens[i + 1] if i + 1 < len(self.tokens) else None
        help = words.slip(before, token, then, expected) or words.unsaid_value(token, expected, self.block())
        if token.kind == "ASSIGN" and before is not None and before.kind == "NAME":
            help = words.named_first(self.word(), before) or help
        wanted = words.expected(expected)
        if not (token.first and self.matched.starts[i] and token.kind != "END"):
            return f"expected {wanted}, found {words.found(token)}", token, help
        if before is not None and before.end:
            return f"expected {wanted} after `{before.text}`, found the next statement", before, help
        return f"expected {wanted}, found the next statement", token, help

    def forgive_closing(self, start: int) -> None:
        """Say nothing of the `}` of a block whose `{` is missing."""
        alone = (d for d in self.diagnostics if d.code == "S102" and d.span is not None and d.span.start > start)
        closing = next((d for d in alone if d.message == "`}` closes nothing"), None)
        if closing is not None:
            self.diagnostics.remove(closing)

    def word(self) -> str:
        """The word that the statement which is being read begins with; empty where there is none."""
        begun = self.machine.symbols[self.base() :]
        return begun[0].lower() if begun and begun[0] in STATEMENT_WORDS else ""

    def is_foreign(self, i: int) -> bool:
        """Whether a token is a word of other languages, on the line of the one behind it."""
        return i >= 0 and bool(words.foreign(self.tokens[i])) and not self.tokens[i + 1].first

    def is_mark(self, i: int) -> bool:
        """Whether a token is punctuation on the line of the one before it."""
        token = self.tokens[i]
        return token.kind in words.SYMBOLS and not token.first

    def is_bare_name(self, before: Token) -> bool:
        """Whether the last thing read is a name that began a statement."""
        machine = self.machine
        top_is_name = machine.symbols[-1:] == ["NAME"] and machine.begins[-1] == before.start
        return self.start == "file" and top_is_name and self.base() == len(machine.symbols) - 1

    def is_between(self, expected: frozenset[str]) -> bool:
        """Whether a statement has just ended, or a block just begun."""
        return bool(expected & (STATEMENT_WORDS | {"RBRACE"})) and not expected & {"NUMBER", "EXTENDS", "USING"}

    def base(self) -> int:
        return self.machine.statement_base(self.matched.blocks)

    def block(self) -> str:
        """The word of the block that the machine stands in."""
        machine = self.machine
        for i in range(len(machine.symbols) - 1, -1, -1):
            if machine.symbols[i] in _HEADS:
                return machine.symbols[i].lower()
        return ""

    def follows(self, i: int) -> bool:
        """Whether an error at a token follows from a bad bracket or character in the same statement."""
        token, base = self.tokens[i], self.base()
        if token.made_up:
            return True
        if token.kind == "RBRACE" and self.has_returned:
            self.has_returned = False
            return True
        begin = self.machine.begins[base] if base < len(self.machine.begins) else token.start
        if i and not token.first:
            begin = min(begin, self.tokens[i - 1].start)
        after = bisect_left(self.causes, begin)
        return after < len(self.causes) and self.causes[after] <= token.end

    # --- skipping ---------------------------------------------------------------------------------------------------

    def skip(self, i: int, culprit: int) -> int:
        """Pop the stack to where a statement may stand. Gives the token to go on with."""
        blocks = self.machine.open_blocks(self.matched.blocks)
        for j in range(i, len(self.tokens)):
            token, depth = self.tokens[j], self.matched.depth[j]
            if token.kind == "END":
                return self.resume(j)
            if token.start in self.matched.blocks and token.kind == "LBRACE" and depth == blocks and self.enter():
                return j
            ends_block = token.kind == "RBRACE" and self.matched.direct[j] and depth < blocks
            begins = self.matched.starts[j] and depth == blocks and j > culprit
            if ends_block or begins or (self.matched.starts[j] and depth == blocks and self.can_begin(token)):
                return self.resume(j)
        return len(self.tokens)

    def can_begin(self, token: Token) -> bool:
        """Whether a token would be fine at the start of a statement of this block."""
        machine = self.machine
        return machine.would_accept(token.kind, self.base() + 1, [])

    def enter(self) -> bool:
        """Keep the head of a block whose head is wrong, so that what stands in it is read."""
        machine, base = self.machine, self.base()
        if machine.symbols[base : base + 1] and machine.symbols[base] in _HEADS:
            for length in range(len(machine.symbols), base, -1):
                is_value = not _BRACKETS.isdisjoint(machine.symbols[base:length])  # there a brace would be a map
                if not is_value and machine.would_accept("LBRACE", length + 1, []):
                    machine.pop(len(machine.symbols) - length)
                    return True
            return self.without_parameters(base)
        return False

    def without_parameters(self, base: int) -> bool:
        """Read the head of a `def` whose parameters are wrong as one that has none."""
        machine = self.machine
        if machine.symbols[base : base + 3] != ["DEF", "NAME", "LPAR"]:
            return False
        machine.pop(len(machine.symbols) - base - 3)
        start = machine.begins[-1]
        return machine.feed(Token("RPAR", ")", start, start, made_up=True))

    def resume(self, j: int) -> int:
        """Drop the statement that is being read and go on with a token."""
        machine, token, base = self.machine, self.tokens[j], self.base()
        self.has_returned = "RETURN" in machine.symbols[base:] and token.kind != "RBRACE"
        machine.pop(len(machine.symbols) - base)
        if machine.accepts(token.kind):
            return j
        if token.kind == "RBRACE" and machine.accepts("RETURN"):
            for kind, text in (("RETURN", "return"), ("NONE", "none")):
                machine.feed(Token(kind, text, token.start, token.start, made_up=True))
            return j
        return j if token.kind != "END" and self.matched.starts[j] else j + 1
