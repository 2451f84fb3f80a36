"""How large a program may grow while it is read: definitions that double each other end in a message, not in a wait."""

from attrs import define

from ssldsl.check.state.reporter import Reporter
from ssldsl.source import Span

UNITS = 1_000_000  # some hundred times what the longest shipped spec takes; used up within seconds
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
            help = "definitions and lists that are written out twice in each other double at every level"
            self._give_up(reporter, span, "this program grows too large", "written out, this has no end in sight", help)

    def enter(self, reporter: Reporter, span: Span) -> None:
        """Begin to read an expression; where it stands too deep in others, report it and raise `TooLarge`."""
        self.levels += 1
        self.left -= 1
        if self.levels > LEVELS:
            message = f"names and definitions lead to each other more than {LEVELS:,} levels deep"
            self._give_up(reporter, span, message, "", "make the chain of names that use each other shorter")

    def _give_up(self, reporter: Reporter, span: Span, message: str, label: str, help: str) -> None:
        reporter.error("D520", reporter.calls[-1] if reporter.calls else span, message, label, help=help)
        raise TooLarge
