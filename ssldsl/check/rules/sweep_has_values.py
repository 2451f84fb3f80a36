"""T303, T320: a sweep has at least one value, or a range of numbers."""

from collections.abc import Iterator

from ssldsl.check.messages import values
from ssldsl.check.state.ranges import fault
from ssldsl.check.state.reader import SpecReading
from ssldsl.errors import Diagnostic
from ssldsl.syntax import tree


def sweep_has_values(spec: SpecReading) -> Iterator[Diagnostic]:
    """The values of a list and the ends of a range are checked one by one, as edits."""
    for statement in spec.file.statements:
        match statement:
            case tree.Sweep(values=tree.ListExpr(items=())):
                yield values.empty_sweep(statement.values.span)
            case tree.Sweep(values=tree.Call() as call) if (wrong := fault(call)) is not None:
                yield wrong
