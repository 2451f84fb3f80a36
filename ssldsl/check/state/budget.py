"""How large a program may grow while it is read: definitions that double each other end in a message, not in a wait."""

from attrs import define

from ssldsl.check.messages import stages
from ssldsl.check.state.reporter import Reporter
from ssldsl.errors import Diagnostic
from ssldsl.source import Span

UNITS = 500_000  # some sixty times what the longest shipped spec takes; used up in about a second
EXTENT = 20_000  # of a value that is written out; lists, schedules and networks may share their parts and double
LEVELS = 1000  # of expressions inside expressions, through the names and definitions that they use


class TooLarge(Exception):
    """The program has outgrown its budget, which has been reported."""


@define
class Budget:
    """What is left to spend: a unit for every expression that is read, item of a list and term of a loss.

    levels: how many expressions are being read at the moment, each for the sake of the one before.
    """

    left: int = UNITS
    levels: int = 0

    def spend(self, units: int, reporter: Reporter, span: Span) -> None:
        """Take units; where none are left, report it and raise `TooLarge`."""
        self.left -= units
        if self.left < 0:
            self._give_up(reporter, stages.endless_program(reporter.calls[-1] if reporter.calls else span))

    def enter(self, reporter: Reporter, span: Span) -> None:
        """Begin to read an expression; where it stands too deep in others, report it and raise `TooLarge`."""
        self.levels += 1
        self.left -= 1
        if self.levels > LEVELS:
            self._give_up(reporter, stages.deep_program(LEVELS, reporter.calls[-1] if reporter.calls else span))

    def hold(self, extent: int, reporter: Reporter, span: Span) -> None:
        """Where a value is longer than any may be, report it and raise `TooLarge`."""
        if extent > EXTENT:
            self._give_up(reporter, stages.endless_program(reporter.calls[-1] if reporter.calls else span))

    def _give_up(self, reporter: Reporter, why: Diagnostic) -> None:
        reporter.report(why)
        raise TooLarge
