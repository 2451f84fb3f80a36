"""Small specs for the tests of the checker."""

from textwrap import dedent

from ssldsl.check import Checked, check
from ssldsl.source import Source
from ssldsl.syntax.parser import parse_edit

HEAD = """
ssl 1
data   images    = digits()
stream labeled   = images.train.subset(100, seed=0) >> random_shift(1)
stream unlabeled = unlabel(images.train) >> random_shift(1)
net    encoder   = convnet(width=8)
head   classes   = linear(encoder.dim, images.classes)
"""
TAIL = """
batch = {labeled: 20, unlabeled: 40}
run   = 2ep
clock = unlabeled
"""


def checked(
    text: str, *, variants: tuple[str, ...] = (), sets: tuple[str, ...] = (), drops: tuple[str, ...] = ()
) -> Checked:
    """The outcome for a whole spec."""
    changes = [*(parse_edit(t, "set") for t in sets), *(parse_edit(t, "drop") for t in drops)]
    return check(Source("spec.ssl", dedent(text)), variants=variants, changes=changes)


def with_loss(loss: str, more: str = "", **edits: tuple[str, ...]) -> Checked:
    """The outcome for the usual declarations with this loss."""
    return checked(f"{HEAD}{more}\nloss = {loss}\n{TAIL}", **edits)


def codes(outcome: Checked) -> list[str]:
    return [d.code for d in outcome.diagnostics if d.severity == "error"]
