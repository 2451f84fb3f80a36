"""Defaults and traits from source text: literals, arithmetic on numbers, and constants of the same file."""

import ast
import operator
from collections.abc import Callable, Mapping
from typing import Any

from ssldsl.ops.settings import Outside

ARITHMETIC: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}


def constants(tree: ast.Module) -> dict[str, ast.expr]:
    """Names that the file assigns at its top level."""
    found: dict[str, ast.expr] = {}
    for node in tree.body:
        if isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name):
            found[node.targets[0].id] = node.value
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.value is not None:
            found[node.target.id] = node.value
    return found


def read(node: ast.expr, known: Mapping[str, ast.expr], depth: int = 0) -> Any:
    """The value that an expression writes; lists become tuples."""
    match node:
        case ast.Constant(value=None | bool() | int() | float() | str()):
            return node.value
        case ast.Tuple() | ast.List():
            return tuple(read(item, known, depth) for item in node.elts)
        case ast.Dict():
            return {
                read(k, known, depth): read(v, known, depth) for k, v in zip(node.keys, node.values, strict=True) if k
            }
        case ast.UnaryOp(op=ast.USub()):
            return -_number(node.operand, known, depth)
        case ast.BinOp() if type(node.op) in ARITHMETIC:
            left, right = _number(node.left, known, depth), _number(node.right, known, depth)
            try:
                return ARITHMETIC[type(node.op)](left, right)
            except ArithmeticError as error:
                raise Outside(node, f"`{ast.unparse(node)}` has no value") from error
        case ast.Name() if node.id in known and depth < 8:  # a constant may name another, but not itself
            return read(known[node.id], known, depth + 1)
    raise Outside(
        node, f"`{ast.unparse(node)}` is not a literal", "it is read without running the file: write the value out"
    )


def _number(node: ast.expr, known: Mapping[str, ast.expr], depth: int) -> Any:
    value = read(node, known, depth)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise Outside(node, f"`{ast.unparse(node)}` is not a number")
    return value
