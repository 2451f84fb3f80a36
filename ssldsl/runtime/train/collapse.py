"""Losses that stay where they would be if all clusters were alike: the sign of a collapse.

A cross-entropy over K classes is ln K for uniform predictions, whatever the targets are. That is where training often
begins; where it stays, the network has found one answer for all samples.
"""

import math
from collections.abc import Iterable, Mapping

from attrs import Factory, define, frozen

from ssldsl.graph.plan import NodePlan, StagePlan
from ssldsl.graph.plan_types import TensorPlan, TypePlan

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
class Watch:
    """Looks at the records of a stage, line by line. `since`: the step of the line before a term came to ln K."""

    classes: Mapping[str, int]
    steps: int
    lines: dict[str, int] = Factory(dict)
    since: dict[str, int] = Factory(dict)
    last: int = 0

    @staticmethod
    def of(stage: StagePlan) -> "Watch":
        return Watch(classes_of_terms(stage), stage.steps)

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


def classes_of_terms(stage: StagePlan) -> dict[str, int]:
    """Over how many classes every term is a cross-entropy, or the mean of several; without those that are none."""
    nodes = {node.id: node for node in stage.nodes}
    found = {term.name: _classes(nodes[term.node], nodes) for term in stage.terms if term.node in nodes}
    return {name: classes for name, classes in found.items() if classes > 1}


def _classes(node: NodePlan, nodes: Mapping[str, NodePlan]) -> int:
    """The classes of a loss; 0 where it is none of these, or has several numbers of them."""
    if node.op.endswith("cross_entropy"):
        return _only(_width(nodes[id_].type) for id_ in node.inputs)
    if node.op == "mean":
        return _only(_classes(nodes[id_], nodes) for id_ in node.inputs)
    return 0


def _width(type_: TypePlan) -> int | None:
    """The classes that scores are of."""
    if not isinstance(type_, TensorPlan) or type_.kind != "Logits" or len(type_.dims) < 2:
        return None
    return type_.dims[1] if isinstance(type_.dims[1], int) else None


def _only(numbers: Iterable[int | None]) -> int:
    different = {number for number in numbers if number is not None}
    return different.pop() if len(different) == 1 else 0
