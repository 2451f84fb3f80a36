"""Losses that stay where they would be if all clusters were alike: the sign of a collapse.

A cross-entropy over K classes is ln K for uniform predictions, whatever the targets are. That is where training often
begins; where it stays, the network has found one answer for all samples.
"""

import math
from collections.abc import Mapping

from attrs import Factory, define, frozen

from ssldsl.graph.plan import StagePlan

NEAR = 0.01  # of ln K
LINES = 5  # of the records, at least, and
SHARE = 0.02  # of the stage

Numbers = Mapping[str, float]


@frozen
class Pinned:
    """A term that is at ln K since a step."""

    term: str
    classes: int
    since: int

    def __str__(self) -> str:
        level = f"ln {self.classes} = {math.log(self.classes):.3f}"
        return (
            f"`{self.term}` is within 1 % of {level} since step {self.since}, as if all {self.classes} classes were "
            "equally likely for every sample: it has collapsed, or not begun to learn"
        )


@define
class CollapseWatch:
    """Looks at the records of a stage, line by line. `since`: the step of the line before a term came to ln K."""

    classes: Mapping[str, int]
    steps: int
    lines: dict[str, int] = Factory(dict)
    since: dict[str, int] = Factory(dict)
    last: int = 0

    @staticmethod
    def of(stage: StagePlan) -> "CollapseWatch":
        return CollapseWatch(
            {term.name: term.classes for term in stage.terms if term.classes and term.classes > 1}, stage.steps
        )

    def see(self, step: int, losses: Numbers) -> list[Pinned]:
        """The terms that have been at ln K for long enough with this line, and had not with the line before."""
        before = {pinned.term for pinned in self.pinned()}
        for term, classes in self.classes.items():
            if abs(losses.get(term, math.inf) - math.log(classes)) < NEAR * math.log(classes):
                self.since.setdefault(term, self.last)
                self.lines[term] = self.lines.get(term, 0) + 1
            else:
                self.since.pop(term, None)
                self.lines.pop(term, None)
        self.last = step
        return [pinned for pinned in self.pinned() if pinned.term not in before]

    def pinned(self) -> list[Pinned]:
        """The terms that are at ln K, and have been for long enough."""
        return [
            Pinned(term, self.classes[term], since)
            for term, since in self.since.items()
            if self.lines[term] >= LINES and self.last - since >= SHARE * self.steps
        ]
