"""Expressions over several lines: broken where they are too long for one, and where comments stand in them.

A comment stays where it is if a line can end there: after an item in brackets, after an operand of a chain (`a + b`,
`f >> g`), on a line of its own before one of these. Any other is taken by whoever encloses it and set before that.
"""

from collections.abc import Sequence

from attrs import define, evolve, field, frozen

from ssldsl.syntax import printer, tree
from ssldsl.syntax.tree import Comment

WIDTH = 100
STEP = 2  # columns of an indentation

Item = tree.Expr | tree.Argument | tree.MapEntry | tree.Parameter


@frozen
class Line:
    """A line of output: code, or nothing but a comment. `indent` of the first line of an expression is not used."""

    text: str
    indent: int = 0
    comment: str = ""


@define
class Comments:
    """The comments of a text in order, and which of them have found their place."""

    all: Sequence[Comment]
    placed: set[int] = field(factory=set)  # offsets

    def within(self, start: int, end: int) -> list[Comment]:
        """Those in a stretch of the text that have no place yet."""
        if not self.all:
            return []
        low = _first(self.all, start)
        found = self.all[low : _first(self.all, end)]
        return [comment for comment in found if comment.span.start not in self.placed]

    def take(self, start: int, end: int) -> list[Comment]:
        """The same, and now they have one."""
        found = self.within(start, end)
        self.placed |= {comment.span.start for comment in found}
        return found


def _first(comments: Sequence[Comment], offset: int) -> int:
    """The index of the first comment at or after an offset."""
    low, high = 0, len(comments)
    while low < high:
        middle = (low + high) // 2
        if comments[middle].span.start < offset:
            low = middle + 1
        else:
            high = middle
    return low


def append(lines: list[Line], text: str) -> list[Line]:
    """The lines with a text after the last one's code."""
    return [*lines[:-1], evolve(lines[-1], text=lines[-1].text + text)]


def prepend(text: str, lines: list[Line]) -> list[Line]:
    """The lines with a text before the first one's code."""
    return [evolve(lines[0], text=text + lines[0].text), *lines[1:]]


def join(left: list[Line], right: list[Line]) -> list[Line]:
    """The first line of the right ones continues the last of the left ones, which no comment ends."""
    return [*left[:-1], Line(left[-1].text + right[0].text, left[-1].indent, right[0].comment), *right[1:]]


def width(lines: list[Line], column: int) -> int:
    """The column at which the last line ends, if the first one starts at `column`."""
    return (column if len(lines) == 1 else lines[-1].indent) + len(lines[-1].text)


@define
class ExpressionLayout:
    """Lays expressions out. `indent` is that of the line they start on, `column` where they start in it."""

    comments: Comments

    def expr(self, expr: tree.Expr, indent: int, column: int, *, hang: int | None = None, tail: int = 0) -> list[Line]:
        """The lines of an expression. `hang`: where the operators of a chain stand; `tail`: columns needed after it."""
        flat = printer.print_expr(expr)
        if not self.comments.within(expr.span.start, expr.span.end) and column + len(flat) + tail <= WIDTH:
            return [Line(flat)]
        return self.broken(expr, indent, column, hang)

    def broken(self, expr: tree.Expr, indent: int, column: int, hang: int | None) -> list[Line]:
        match expr:
            case tree.Binary():
                return self.chain(expr, indent, column, hang)
            case tree.Call():
                function = self.operand(expr.function, printer.POSTFIX, indent, column)
                lines = self.bracket("(", expr.arguments, ")", indent, expr.function.span.end, expr.span.end)
                return join(function, lines)
            case tree.ListExpr():
                return self.bracket("[", expr.items, "]", indent, expr.span.start, expr.span.end)
            case tree.MapExpr():
                return self.bracket("{", expr.entries, "}", indent, expr.span.start, expr.span.end)
            case tree.Attribute() if not isinstance(expr.value, tree.Number | tree.Quantity):
                value = self.operand(expr.value, printer.POSTFIX, indent, column)
                return append(value, f".{expr.name.id}")
            case tree.Named():
                value = self.operand(expr.value, printer.PRODUCT, indent, column)
                return append(value, f" as {expr.name.id}")
            case tree.Unary():
                sign, least = ("not ", printer.NOT) if expr.op == "not" else ("-", printer.FACTOR)
                return prepend(sign, self.operand(expr.operand, least, indent, column + len(sign)))
            case _:
                return [Line(printer.print_expr(expr))]

    def operand(self, expr: tree.Expr, least: int, indent: int, column: int, *, of_sum: bool = False) -> list[Line]:
        """An operand: on one line if it can be, in parentheses if it must be."""
        flat = printer.print_operand(expr, least, of_sum=of_sum)
        if not self.comments.within(expr.span.start, expr.span.end) and column + len(flat) <= WIDTH:
            return [Line(flat)]
        if printer.level(expr) >= least:
            return self.broken(expr, indent, column, None)
        return append(prepend("(", self.broken(expr, indent, column + 1, None)), ")")

    # --- chains of operators --------------------------------------------------------------------------------------

    def chain(self, expr: tree.Binary, indent: int, column: int, hang: int | None) -> list[Line]:
        """One operand a line, each after its operator; but a bracketed last factor is broken inside."""
        operands = printer.operands(expr)
        own = printer.LEVELS[expr.op]
        if own in (printer.COMPARISON, printer.POWER, printer.PRODUCT):
            hugged = self.hugged(expr, indent, column)
            if hugged is not None:
                return hugged
        if hang is None:
            hang = indent + STEP
        lines: list[Line] = []
        is_sum = own == printer.SUM
        names_at = self.names_column([operand for _, _, operand in operands]) if is_sum else 0
        for i, (op, least, operand) in enumerate(operands):
            lead = f"{op} " if op else ""
            at = hang + len(lead)
            part = self.operand(operand, least, at if i else indent, at if i else column, of_sum=is_sum)
            if is_sum and isinstance(operand, tree.Named) and len(part) == 1:
                part = [_with_name_at(part[0], operand.name.id, names_at, at)]
            part = [evolve(part[0], text=lead + part[0].text, indent=hang), *part[1:]]
            if i:
                part = self.leading(operands[i - 1][2].span.end, operand.span.end, part, hang)
            if i + 1 < len(operands):
                part = self.trailing(operand.span.end, operands[i + 1][2].span.start, part)
            lines += part
        return lines

    def names_column(self, operands: list[tree.Expr]) -> int:
        """The width of the longest named term of a sum: the names stand below each other."""
        named = [operand.value for operand in operands if isinstance(operand, tree.Named)]
        return max((len(printer.print_operand(value, printer.PRODUCT, of_sum=True)) for value in named), default=0)

    def hugged(self, expr: tree.Binary, indent: int, column: int) -> list[Line] | None:
        """The chain with only its last operand broken, if that is in brackets of its own and nothing else needs it."""
        left_least, right_least = printer.operand_levels(expr)
        left = printer.print_operand(expr.left, left_least)
        lead = left + ("**" if expr.op == "**" else f" {expr.op} ")
        brackets = isinstance(expr.right, tree.Call | tree.ListExpr | tree.MapExpr)
        if not brackets or column + len(lead) > WIDTH // 2:
            return None
        if self.comments.within(expr.span.start, expr.right.span.start):
            return None
        return prepend(lead, self.operand(expr.right, right_least, indent, column + len(lead)))

    # --- brackets -------------------------------------------------------------------------------------------------

    def bracket(
        self, opening: str, items: Sequence[Item], closing: str, indent: int, start: int, end: int
    ) -> list[Line]:
        """One item a line between the brackets."""
        if not items and not self.comments.within(start, end):
            return [Line(opening + closing)]
        inner = indent + STEP
        first_start = items[0].span.start if items else end
        opener = Line(opening)
        for comment in self.comments.within(start, first_start):
            if not comment.own_line and not opener.comment:
                opener = evolve(opener, comment=comment.text)
                self.comments.placed.add(comment.span.start)
        lines = [opener]
        before = start
        for i, item in enumerate(items):
            after = items[i + 1].span.start if i + 1 < len(items) else end
            part = append(self.item(item, inner), ",")
            part = [evolve(part[0], indent=inner), *part[1:]]
            part = self.leading(before, item.span.end, part, inner)
            lines += self.trailing(item.span.end, after, part)
            before = item.span.end
        lines += [Line("", inner, comment.text) for comment in self.comments.take(before, end)]
        return [*lines, Line(closing, indent)]

    def item(self, item: Item, indent: int) -> list[Line]:
        match item:
            case tree.Argument():
                lead = f"{item.name.id}=" if item.name else ""
                value = item.value
            case tree.MapEntry():
                lead, value = f"{item.key.id}: ", item.value
            case tree.Parameter():
                return [Line(printer.print_parameter(item))]
            case _:
                lead, value = "", item
        return prepend(lead, self.expr(value, indent, indent + len(lead), tail=1))

    def leading(self, start: int, end: int, lines: list[Line], indent: int) -> list[Line]:
        """The lines after those comments of a stretch that have no place yet."""
        return [*(Line("", indent, comment.text) for comment in self.comments.take(start, end)), *lines]

    def trailing(self, start: int, end: int, lines: list[Line]) -> list[Line]:
        """The lines, the last one with the comment that follows it on its line."""
        for comment in self.comments.within(start, end)[:1]:
            if not comment.own_line and not lines[-1].comment:
                self.comments.placed.add(comment.span.start)
                return [*lines[:-1], evolve(lines[-1], comment=comment.text)]
        return lines


def _with_name_at(line: Line, name: str, column: int, at: int) -> Line:
    """The line of a term that begins at `at`, with its name in a column below the others, if there is room."""
    if at + column + len(name) + 4 > WIDTH:
        return line
    return evolve(line, text=line.text.removesuffix(f" as {name}").ljust(column) + f" as {name}")
