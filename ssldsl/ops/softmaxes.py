"""Whether an op is a softmax of its input and nothing else, as its source text shows.

A body that does more, or says it in a way that is not read here, shows nothing: then the op says it of itself.
"""

import ast
from collections.abc import Mapping, Sequence

from ssldsl.ops.settings import last_name

Locals = Mapping[str, ast.expr]  # what each name of a body stands for, in terms of what the function takes


def is_softmax(function: ast.FunctionDef, dims: Sequence[str]) -> bool:
    """Whether the result is the softmax, over the last dimension, of the one tensor that the function takes.

    dims: of that tensor.
    """
    taken = [a.arg for a in (*function.args.posonlyargs, *function.args.args) if a.arg != "self"]
    value = _returned(function, taken)
    if len(taken) != 1 or value is None:
        return False
    last = {"-1"} if "..." in dims else {"-1", f"{len(dims) - 1}"}
    return _is_softmax_of(taken[0], value, last)


def _returned(function: ast.FunctionDef, taken: Sequence[str]) -> ast.expr | None:
    """What a body of plain assignments returns, with all names in it replaced; else nothing."""
    known: dict[str, ast.expr] = {}
    for statement in function.body:
        match statement:
            case ast.Expr(value=ast.Constant()):  # the docstring
                continue
            case ast.Assign(targets=[ast.Name(id=name)], value=value) if name not in known and name not in taken:
                known[name] = _Named(known).visit(value)
            case ast.Return(value=ast.expr() as value):
                replaced: ast.expr = _Named(known).visit(value)
                return replaced
            case _:
                return None
    return None


class _Named(ast.NodeTransformer):
    def __init__(self, known: Locals) -> None:
        self.known = known

    def visit_Name(self, node: ast.Name) -> ast.expr:  # as `ast` calls it
        return self.known.get(node.id, node)


def _is_softmax_of(name: str, value: ast.expr, last: set[str]) -> bool:
    method, subject, dims = _call(value)
    if method == "exp" and subject is not None:
        method, subject, dims = _call(subject)
        method = method.removeprefix("log_")
    is_input = isinstance(subject, ast.Name) and subject.id == name
    return method == "softmax" and is_input and len(dims) == 1 and dims[0] in last


def _call(value: ast.expr) -> tuple[str, ast.expr | None, list[str]]:
    """Of `x.f(-1)` or `torch.f(x, dim=-1)`: `f`, `x`, and the dimension; of all else nothing."""
    if not isinstance(value, ast.Call) or not isinstance(value.func, ast.Attribute):
        return "", None, []
    is_function = last_name(value.func.value) in ("torch", "F", "functional")
    given = [*([] if is_function else [value.func.value]), *value.args]
    named = [keyword.value for keyword in value.keywords if keyword.arg == "dim"]
    return value.func.attr, next(iter(given), None), [ast.unparse(dim) for dim in (*given[1:], *named)]
