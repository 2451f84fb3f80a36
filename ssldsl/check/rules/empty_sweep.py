"""T303: a sweep has at least one value."""

from collections.abc import Iterator

from ssldsl.check.messages import values
from ssldsl.check.state.reader import SpecReading
from ssldsl.errors import Diagnostic
from ssldsl.syntax import tree


def empty_sweep(spec: SpecReading) -> Iterator[Diagnostic]:
    """Its values are checked one by one, as edits."""
    for statement in spec.file.statements:
        if isinstance(statement, tree.Sweep) and not statement.values.items:
            yield values.empty_sweep(statement.values.span)
