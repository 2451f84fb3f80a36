"""The LALR machine: a stack of states and what was built on it. It can be asked what it would accept, and popped.

It is driven by `parser.py`, token by token; lark made its tables. A parser of our own, small as it is, gives what
recovery needs: the state before an error, the place of every symbol, and no lark at run time.
"""

from attrs import define, field

from ssldsl.source import Source, Span
from ssldsl.syntax import tree
from ssldsl.syntax.builders import BUILDERS, EXPRESSIONS
from ssldsl.syntax.lexer import Token
from ssldsl.syntax.printer import LEVELS
from ssldsl.syntax.tables import Rule, Tables

LISTS = frozenset({"_statements", "_steps", "_parts", "_locals", "_edits", "version"})  # a statement may stand behind
DEEPEST = 200  # levels of an expression: far beyond what a person writes, well within what recursion can walk


@define
class Machine:
    """The stacks: states (one more than the rest), symbols, values, their places, depths of expressions."""

    source: Source
    tables: Tables
    start: str
    states: list[int] = field(init=False)
    symbols: list[str] = field(factory=list)
    values: list[object] = field(factory=list)
    begins: list[int] = field(factory=list)
    ends: list[int] = field(factory=list)
    levels: list[int] = field(factory=list)
    too_deep: list[Span] = field(factory=list)
    result: object = None
    floor: int = 0  # how many states a `feed` that failed left as they were
    saved: list[int] = field(factory=list)  # those above that it took away

    def __attrs_post_init__(self) -> None:
        self.states = [self.tables.starts[self.start]]

    def feed(self, token: Token) -> bool:
        """Take a token. False if it cannot stand here: then the stack may have been reduced, without the token."""
        kind, states = token.kind, self.states
        self.floor, self.saved = len(states), []
        end_state = self.tables.ends[self.start] if kind == "END" else -1
        rows, rules = self.tables.states, self.tables.rules
        while True:
            action = rows[states[-1]].get(kind)
            if action is None:
                return False
            if action >= 0:
                states.append(action)
                self.symbols.append(kind)
                self.values.append(token)
                self.begins.append(token.start)
                self.ends.append(token.end)
                self.levels.append(0)
                self.saved = []
                return True
            self.reduce(rules[-1 - action], token)
            if states[-1] == end_state:
                self.result = self.values[-1]
                return True

    def reduce(self, rule: Rule, ahead: Token) -> None:
        states = self.states
        low = len(states) - rule.length
        if low < self.floor:
            self.saved[:0] = states[low : self.floor]
            self.floor = low
        if rule.length == 1 and rule.builder in ("", "[]"):  # one symbol becomes another: by far the most frequent
            del states[-1]
            if rule.builder and isinstance(rule.keep[0], int):
                self.values[-1] = [self.values[-1]]
            self.symbols[-1] = rule.origin
        else:
            self.build(rule, ahead)
        states.append(self.tables.states[states[-1]][rule.origin])

    def build(self, rule: Rule, ahead: Token) -> None:
        """Take the symbols of a rule off the stack and put what it builds in their place."""
        length = rule.length
        base = len(self.values) - length
        begin = self.begins[base] if length else ahead.start
        end = self.ends[-1] if length else begin
        level = max(self.levels[base:], default=0)
        value: object
        if rule.builder == "":
            value = self.values[base + rule.index]
        elif rule.builder == "[]":
            value = self.kept(rule, base)
        else:
            span = Span(self.source, begin, end)
            value = BUILDERS[rule.builder](span, *self.kept(rule, base))
            if rule.builder in EXPRESSIONS:
                level = self.level(value, base)
            if level > DEEPEST:
                self.too_deep.append(span)
                value, level = tree.Nothing(span=span), 0
        self.pop(length)
        self.symbols.append(rule.origin)
        self.values.append(value)
        self.begins.append(begin)
        self.ends.append(end)
        self.levels.append(level)

    def level(self, value: object, base: int) -> int:
        """The depth of an expression whose parts stand from `base` on; a chain of operators is one level."""
        levels = self.levels[base:]
        if isinstance(value, tree.Binary) and isinstance(value.left, tree.Binary) and _is_chain(value, value.left):
            return max(levels[0], *(level + 1 for level in levels[1:]))
        return max(levels) + 1

    def kept(self, rule: Rule, base: int) -> list[object]:
        """The parts that a builder gets. The first list is taken over, not copied, so long lists stay linear."""
        parts: list[object] = []
        for index in rule.keep:
            if isinstance(index, list):
                items = self.values[base + index[0]]
                assert isinstance(items, list)
                if parts:
                    parts += items
                else:
                    parts = items
            else:
                parts.append(None if index < 0 else self.values[base + index])
        return parts

    def pop(self, count: int) -> None:
        if count:
            for stack in (self.states, self.symbols, self.values, self.begins, self.ends, self.levels):
                del stack[-count:]

    # --- what recovery asks -----------------------------------------------------------------------------------------

    def accepts(self, kind: str) -> bool:
        """Whether a token of this kind could stand next."""
        return self.would_accept(kind, len(self.states), [])

    def expected(self) -> frozenset[str]:
        """The kinds of tokens that could have stood where the last one was not accepted."""
        base, top = (self.floor, self.saved) if self.saved else (len(self.states), [])
        row = self.tables.states[top[-1] if top else self.states[base - 1]]
        return frozenset(kind for kind in row if kind.isupper() and self.would_accept(kind, base, top))

    def would_accept(self, kind: str, base: int, top: list[int]) -> bool:
        """Whether a token could stand next if the states were the first `base` of the stack, and `top` upon them."""
        rows, rules, end = self.tables.states, self.tables.rules, self.tables.ends[self.start]
        top = top.copy()
        while True:
            action = rows[top[-1] if top else self.states[base - 1]].get(kind)
            if action is None:
                return False
            if action >= 0:
                return True
            rule = rules[-1 - action]
            base -= max(0, rule.length - len(top))
            del top[len(top) - min(rule.length, len(top)) :]
            top.append(rows[top[-1] if top else self.states[base - 1]][rule.origin])
            if kind == "END" and top[-1] == end:
                return True

    def statement_base(self, blocks: frozenset[int]) -> int:
        """How many symbols stand before the statement that is being read."""
        for i in range(len(self.symbols) - 1, -1, -1):
            if self.symbols[i] in LISTS or (self.symbols[i] == "LBRACE" and self.begins[i] in blocks):
                return i + 1
        return 0

    def open_blocks(self, blocks: frozenset[int]) -> int:
        """How many blocks the machine stands in."""
        return sum(s == "LBRACE" and b in blocks for s, b in zip(self.symbols, self.begins, strict=True))


def _is_chain(outer: tree.Binary, inner: tree.Binary) -> bool:
    """Whether `a + b + c` goes on with an operator that holds as tightly as the one before."""
    return LEVELS[outer.op] == LEVELS[inner.op]
