"""Expressions and heads of statements as text on one line, with no more parentheses than their meaning needs."""

from ssldsl.syntax import literals, tree

# how tightly a construct holds its parts together, loosest first, as in the grammar
OR, AND, NOT, COMPARISON, JOIN, BESIDE, SCHEDULE, PIPE, SUM, TERM, PRODUCT, FACTOR, POWER, POSTFIX = range(14)
LEVELS: dict[str, int] = {
    "or": OR, "and": AND, "==": COMPARISON, "!=": COMPARISON, "<": COMPARISON, "<=": COMPARISON, ">": COMPARISON,
    ">=": COMPARISON, "|": JOIN, "&": BESIDE, "then": SCHEDULE, ">>": PIPE, "+": SUM, "-": SUM, "*": PRODUCT,
    "/": PRODUCT, "**": POWER,
}  # fmt: skip


def level(expr: tree.Expr) -> int:
    """How tightly an expression holds together."""
    if isinstance(expr, tree.Binary):
        return LEVELS[expr.op]
    if isinstance(expr, tree.Unary):
        return NOT if expr.op == "not" else FACTOR
    return TERM if isinstance(expr, tree.Named) else POSTFIX


def operand_levels(expr: tree.Binary) -> tuple[int, int]:
    """How tightly the operands must hold together to stand without parentheses."""
    own = LEVELS[expr.op]
    if own == COMPARISON:  # they are not chained
        return JOIN, JOIN
    return (POSTFIX, FACTOR) if own == POWER else (own, own + 1)


def print_expr(expr: tree.Expr) -> str:
    """The expression on one line."""
    return _print(expr, OR)


def print_operand(expr: tree.Expr, least: int, *, of_sum: bool = False) -> str:
    """The expression as an operand: in parentheses if it holds together less tightly than `least`."""
    return _print(expr, least, tight=of_sum)


def _print(expr: tree.Expr, least: int, *, tight: bool = False) -> str:
    text = _bare(expr, tight)
    return text if level(expr) >= least else f"({text})"


def _bare(expr: tree.Expr, tight: bool) -> str:
    match expr:
        case tree.Number():
            return expr.text
        case tree.Quantity():
            return _quantity(expr)
        case tree.String():
            return literals.string_text(expr.value)
        case tree.Bool():
            return "true" if expr.value else "false"
        case tree.Nothing():
            return "none"
        case tree.Ref():
            return expr.id
        case tree.Attribute():
            return f"{print_function(expr.value)}.{expr.name.id}"
        case tree.Call():
            return f"{_print(expr.function, POSTFIX)}({', '.join(map(print_argument, expr.arguments))})"
        case tree.ListExpr():
            return f"[{', '.join(map(print_expr, expr.items))}]"
        case tree.MapExpr():
            return "{" + ", ".join(map(print_entry, expr.entries)) + "}"
        case tree.Named():
            return f"{_print(expr.value, PRODUCT, tight=tight)} as {expr.name.id}"
        case tree.Unary():
            return f"not {_print(expr.operand, NOT)}" if expr.op == "not" else f"-{_print(expr.operand, FACTOR)}"
        case tree.Binary():
            return _binary(expr, tight)


def _binary(expr: tree.Binary, tight: bool) -> str:
    """`a + b`. Within a sum, a product that starts with a number is written `0.7*f(x)`."""
    tight = tight and LEVELS[expr.op] == PRODUCT and starts_with_number(expr)
    space = "" if tight or expr.op == "**" else " "
    text = ""
    for op, least, operand in operands(expr):
        lead = f"{space}{op}{space}" if op else ""
        text += lead + _print(operand, least, tight=LEVELS[expr.op] == SUM or (tight and not op))
    return text


def operands(expr: tree.Binary) -> list[tuple[str, int, tree.Expr]]:
    """The operands of a chain of one level, each with the operator before it and how tightly it must hold together."""
    own = LEVELS[expr.op]
    found: list[tuple[str, int, tree.Expr]] = []
    left: tree.Expr = expr
    while isinstance(left, tree.Binary) and LEVELS[left.op] == own:
        left_least, right_least = operand_levels(left)
        found.append((left.op, right_least, left.right))
        left = left.left
        if own in (COMPARISON, POWER):
            break
    found.append(("", left_least, left))
    return found[::-1]


def starts_with_number(expr: tree.Expr) -> bool:
    """Whether the first factor of a product is written as a number."""
    while isinstance(expr, tree.Binary) and LEVELS[expr.op] == PRODUCT:
        expr = expr.left
    return isinstance(expr, tree.Number)


def print_function(value: tree.Expr) -> str:
    """What stands before a dot: a number needs parentheses there."""
    text = _print(value, POSTFIX)
    return f"({text})" if isinstance(value, tree.Number | tree.Quantity) else text


def _quantity(expr: tree.Quantity) -> str:
    """As it was written, if it was (`128_000it`); else the shortest text."""
    text = expr.span.text
    if text.endswith(expr.unit) and text[:1].isdigit() and " " not in text:
        digits = text[: -len(expr.unit)].replace("_", "")
        if digits.replace(".", "", 1).isdigit() and type(expr.value)(digits) == expr.value:
            return text
    return literals.quantity_text(expr.value, expr.unit)


def print_argument(argument: tree.Argument) -> str:
    """`value` or `name=value`."""
    value = print_expr(argument.value)
    return f"{argument.name.id}={value}" if argument.name else value


def print_entry(entry: tree.MapEntry) -> str:
    """`name: value`."""
    return f"{entry.key.id}: {print_expr(entry.value)}"


def print_path(path: tuple[tree.Name, ...]) -> str:
    """`joint.loss.vat`."""
    return ".".join(name.id for name in path)


def print_names(names: tuple[tree.Name, ...]) -> str:
    """`joint, retrain`."""
    return ", ".join(name.id for name in names)


def print_type(type: tree.TypeName) -> str:
    """`float`, `List[Image]`."""
    arguments = ", ".join(map(print_type, type.arguments))
    return f"{type.name.id}[{arguments}]" if arguments else type.name.id


def print_parameter(parameter: tree.Parameter) -> str:
    """`x`, `using net = encoder`, `epsilon: float = 1.0`."""
    text = ("using " if parameter.using else "") + parameter.name.id
    if parameter.type is not None:
        text += f": {print_type(parameter.type)}"
    return text if parameter.default is None else f"{text} = {print_expr(parameter.default)}"


def print_def_head(statement: tree.Def) -> str:
    """`def name(parameters) -> type`."""
    parameters = ", ".join(map(print_parameter, statement.parameters))
    returns = f" -> {print_type(statement.returns)}" if statement.returns else ""
    return f"def {statement.name.id}({parameters}){returns}"


def print_stage_head(statement: tree.StageDecl) -> str:
    """`stage name[rounds] after names`."""
    rounds = f"[{print_expr(statement.rounds)}]" if statement.rounds is not None else ""
    after = f" after {print_names(statement.after)}" if statement.after else ""
    return f"stage {statement.name.id}{rounds}{after}"


def print_variant_head(statement: tree.Variant) -> str:
    """`variant name extends other (stages)`."""
    text = f"variant {statement.name.id}"
    if statement.extends is not None:
        text += f" extends {statement.extends.id}"
    return text + (f" ({print_names(statement.stages)})" if statement.stages else "")
