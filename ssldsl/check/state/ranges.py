"""Ranges of sweeps, `log(1e-4, 1e-1)`: the numbers that `ssldsl sweep --trials N` searches among."""

from attrs import frozen

from ssldsl.check.messages import ranges as messages
from ssldsl.errors import Diagnostic, SpecError
from ssldsl.syntax import literals, tree

KINDS = {"uniform": (False, False), "log": (True, False), "int": (False, True), "log_int": (True, True)}
DIGITS = 6  # of a number that was searched for: names of folders are made of it


@frozen
class Range:
    """The numbers from `low` to `high`, both among them, in `unit`.

    is_log: spread evenly over orders of magnitude. is_whole: whole numbers alone, from `low` on every `step`-th.
    """

    low: float
    high: float
    unit: str
    is_log: bool
    is_whole: bool
    step: int = 1

    def text(self, value: float) -> str:
        """A number of the range as a spec writes it."""
        shown = int(value) if self.is_whole else float(f"{value:.{DIGITS}g}")
        return f"{literals.number_text(min(max(shown, self.low), self.high))}{self.unit}"


def read_range(call: tree.Call) -> Range:
    """The range that a sweep names. Raises T320."""
    word = call.function.id if isinstance(call.function, tree.Ref) else ""
    if word not in KINDS:
        raise SpecError(messages.no_such_range(word, KINDS, call.function.span))
    given, step = _ends_and_step(word, call)
    (low, unit), (high, other) = (_number(expr) for expr in given)
    is_log, is_whole = KINDS[word]
    if unit != other:
        raise SpecError(messages.units_differ(unit, other, call.span))
    if low >= high:
        raise SpecError(messages.not_upwards(given[0].span.text, given[1].span.text, word, call.span))
    if is_log and low <= 0:
        raise SpecError(messages.not_above_zero(word, given[0].span))
    if is_whole and not (isinstance(low, int) and isinstance(high, int)):
        raise SpecError(messages.not_whole(word, (given[1] if isinstance(low, int) else given[0]).span))
    return Range(low, high, unit, is_log, is_whole, step)


def ends(call: tree.Call) -> tuple[tree.Expr, ...]:
    """The lowest and the highest value of a range, as they are written; nothing for what is no range."""
    return () if fault(call) is not None else _unnamed(call)


def fault(call: tree.Call) -> Diagnostic | None:
    """What is wrong with a range."""
    try:
        read_range(call)
    except SpecError as error:
        return error.diagnostics[0]
    return None


def _ends_and_step(word: str, call: tree.Call) -> tuple[tuple[tree.Expr, ...], int]:
    """The arguments of a range: two ends, of `int` a step as well."""
    ends = _unnamed(call)
    named = [argument for argument in call.arguments if argument.name is not None]
    if len(ends) != 2:
        raise SpecError(messages.not_two_ends(word, call.span))
    step = 1
    for argument in named:
        value = argument.value.value if isinstance(argument.value, tree.Number) else 0
        if word != "int" or argument.name is None or argument.name.id != "step":
            raise SpecError(messages.other_argument(word, argument.span))
        if not isinstance(value, int) or value < 1:
            raise SpecError(messages.no_step(argument.value.span))
        step = value
    return ends, step


def _unnamed(call: tree.Call) -> tuple[tree.Expr, ...]:
    return tuple(argument.value for argument in call.arguments if argument.name is None)


def _number(expr: tree.Expr) -> tuple[int | float, str]:
    """A number that is written out, and its unit."""
    match expr:
        case tree.Number():
            return expr.value, ""
        case tree.Quantity():
            return expr.value, expr.unit
        case tree.Unary(op="-", operand=tree.Number() as operand):
            return -operand.value, ""
    raise SpecError(messages.no_end(expr.span))
