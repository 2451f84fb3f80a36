"""Ways through an expression: its parts, the names it refers to, and the same expression with other parts."""

from collections.abc import Callable

from attrs import evolve

from ssldsl.syntax import tree
from ssldsl.syntax.tree import Expr


def spine(expr: tree.Binary) -> tuple[Expr, list[tree.Binary]]:
    """`a + b - c` as `a`, then `a + b` and `a + b - c`: what stands first, and the operators on it, innermost first.

    A chain of operators leans to the left and may be thousands long, so whoever walks a tree goes along it in a loop.
    """
    links = []
    first: Expr = expr
    while isinstance(first, tree.Binary):
        links.append(first)
        first = first.left
    return first, links[::-1]


def children(expr: Expr) -> tuple[Expr, ...]:
    """The expressions that an expression is directly made of, as they are written; of a chain, its operands."""
    match expr:
        case tree.Attribute() | tree.Named():
            return (expr.value,)
        case tree.Call():
            return (expr.function, *(a.value for a in expr.arguments))
        case tree.ListExpr():
            return expr.items
        case tree.MapExpr():
            return tuple(e.value for e in expr.entries)
        case tree.Binary():
            first, links = spine(expr)
            return (first, *(link.right for link in links))
        case tree.Unary():
            return (expr.operand,)
        case _:
            return ()


def replaced(expr: Expr, change: Callable[[Expr], Expr]) -> Expr:
    """The expression with `change` made of each of its parts; the same object where none of them changes."""
    before = children(expr)
    parts = tuple(change(part) for part in before)
    if all(new is old for new, old in zip(parts, before, strict=True)):
        return expr
    match expr:
        case tree.Attribute() | tree.Named():
            return evolve(expr, value=parts[0])
        case tree.Call():
            given = tuple(evolve(a, value=v) for a, v in zip(expr.arguments, parts[1:], strict=True))
            return evolve(expr, function=parts[0], arguments=given)
        case tree.ListExpr():
            return evolve(expr, items=parts)
        case tree.MapExpr():
            entries = tuple(evolve(e, value=v) for e, v in zip(expr.entries, parts, strict=True))
            return evolve(expr, entries=entries)
        case tree.Binary():
            left = parts[0]
            for link, right in zip(spine(expr)[1], parts[1:], strict=True):
                left = evolve(link, left=left, right=right)
            return left
        case tree.Unary():
            return evolve(expr, operand=parts[0])
        case _:
            raise AssertionError(expr)  # it has no parts


def refs(expr: Expr) -> list[tree.Ref]:
    """Every use of a name in an expression, in the order they are written."""
    found, waiting = list[tree.Ref](), [expr]
    while waiting:
        part = waiting.pop()
        if isinstance(part, tree.Ref):
            found.append(part)
        waiting.extend(reversed(children(part)))
    return found


def dotted(expr: tree.Expr) -> str:
    """`a.b.c` as it is written, or nothing for any other expression."""
    if isinstance(expr, tree.Ref):
        return expr.id
    before = dotted(expr.value) if isinstance(expr, tree.Attribute) else ""
    return f"{before}.{expr.name.id}" if before and isinstance(expr, tree.Attribute) else ""
