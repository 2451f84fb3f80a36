"""From the grammar to the plain data the parser runs on: tokens, rules and LALR(1) tables, as JSON can hold them.

Only this module uses lark. It imports nothing of ssldsl, because the build of the wheel loads it by its path.
"""

import hashlib
import json
from typing import Any

FORMAT = 1
STARTS = ("file", "expression", "set_text", "drop_text")


def digest(grammar: str) -> str:
    """The key of the tables of this grammar: they are stale when it differs."""
    return hashlib.sha256(f"{FORMAT}\n{grammar}".encode()).hexdigest()


def generate(grammar: str, *, strict: bool = False) -> dict[str, Any]:
    """The tables of a grammar. `strict` proves them free of conflicts and collisions; it needs interegular."""
    from lark import Lark
    from lark import __version__ as version

    parser = Lark(grammar, parser="lalr", lexer="basic", start=list(STARTS), maybe_placeholders=True, strict=strict)
    table = parser.parser.parser._parse_table  # lark offers no public way to it
    rules = list(parser.rules)
    order = _state_order(table)
    return {
        "key": digest(grammar),
        "lark": version,
        "terminals": [[t.name, t.pattern.to_regexp(), t.pattern.type == "str"] for t in _lexer_order(parser.terminals)],
        "ignored": sorted(parser.ignore_tokens),
        "rules": [_rule(rule) for rule in rules],
        "states": [_row(table.states[state], rules, order) for state in order],
        "starts": {start: order[table.start_states[start]] for start in STARTS},
        "ends": {start: order[table.end_states[start]] for start in STARTS},
    }


def encode(tables: dict[str, Any]) -> str:
    """The tables as text, the same for the same grammar and the same lark."""
    return json.dumps(tables, separators=(",", ":"), sort_keys=True)


def _lexer_order(terminals: Any) -> list[Any]:
    """The order in which lark's basic lexer tries them."""
    return sorted(terminals, key=lambda t: (-t.priority, -t.pattern.max_width, -len(t.pattern.value), t.name))


def _state_order(table: Any) -> dict[int, int]:
    """Numbers for the states that do not depend on hashes: breadth first from the starts, by the names of symbols."""
    order: dict[int, int] = {}
    queue = [table.start_states[start] for start in STARTS]
    for state in queue:
        if state not in order:
            order[state] = len(order)
            row = table.states[state]
            queue += [row[symbol][1] for symbol in sorted(row) if row[symbol][0].name == "Shift"]
    return order


def _row(row: dict[str, Any], rules: list[Any], order: dict[int, int]) -> dict[str, int]:
    """What a state does on a symbol: `n` shifts to state n, `-1 - n` reduces by rule n."""
    actions = {}
    for symbol in sorted(row):
        action, value = row[symbol]
        actions["END" if symbol == "$END" else symbol] = (
            order[value] if action.name == "Shift" else -1 - rules.index(value)
        )
    return actions


def _rule(rule: Any) -> list[Any]:
    """Origin, length, builder, and what the builder gets: the index of a symbol, -1 if left out, [index] if a list."""
    kept: list[Any] = []
    empty = list(rule.options.empty_indices) or [False] * len(rule.expansion)
    symbols = iter(enumerate(rule.expansion))
    for left_out in empty:
        if left_out:
            kept.append(-1)
            continue
        index, symbol = next(symbols)
        if not (symbol.is_term and symbol.filter_out):
            kept.append([index] if not symbol.is_term and symbol.name.startswith("_") else index)
    origin = str(rule.origin.name)
    if origin.startswith("_"):
        builder = "[]"
    elif rule.options.expand1 and not rule.alias and len(kept) == 1:
        builder = ""  # the child stands for the whole
    else:
        builder = str(rule.alias or origin)
    return [origin, len(rule.expansion), builder, kept]
