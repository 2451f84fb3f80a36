"""Programs and graphs for the tests, made from the text of specs as the command line makes them."""

from collections.abc import Collection
from pathlib import Path
from textwrap import dedent

from ssldsl.check import Checked, check
from ssldsl.check.edits.edits import Edit
from ssldsl.graph.graph import Graph, stage_graph
from ssldsl.ir.program import Program
from ssldsl.passes import PassContext, run_passes
from ssldsl.passes.planning import context_of, stage_clock
from ssldsl.source import Source
from ssldsl.syntax.parser import parse_edit

SHIPPED = Path(__file__).parents[1] / "specs"

DECLARED = """\
ssl 1
data   images    = digits()
stream labeled   = images.train.subset(100, seed=0) >> random_shift(1)
stream unlabeled = unlabel(images.train) >> random_shift(1)
net    encoder   = convnet(width=32)
head   classes   = linear(encoder.dim, images.classes)
"""

TRAINED = """\
optimizer = sgd(lr=cosine(), momentum=0.9)
run       = 30ep
"""

S4L = f"""\
{DECLARED}
loss = ce(labeled) + 0.7*rotation(labeled | unlabeled) + 0.3*vat(unlabeled) + 0.1*entmin(unlabeled)
{TRAINED}
batch = {{labeled: 50, unlabeled: 100}}
clock = unlabeled
eval top1(images.test)
"""


def checked(
    text: str, name: str = "specs/quick.ssl", sets: Collection[str] = (), drops: Collection[str] = ()
) -> Checked:
    """The text, checked, with edits as of the command line."""
    changes: list[Edit] = [parse_edit(s, "set") for s in sets]
    changes += [parse_edit(d, "drop") for d in drops]
    return check(Source(name, dedent(text)), changes=changes)


def program(text: str, *sets: str, name: str = "specs/quick.ssl", drops: Collection[str] = ()) -> Program:
    """The program of a text that has no error."""
    return checked(text, name, sets, drops).unwrap()


def shipped(name: str) -> Program:
    """The program of a spec of the folder `specs/`."""
    return program((SHIPPED / f"{name}.ssl").read_text(encoding="utf-8"), name=f"specs/{name}.ssl")


def with_loss(loss: str, more: str = "", *sets: str) -> Program:
    """The program of the usual declarations, this loss, and whatever else stands in `more`."""
    return program(f"{DECLARED}{dedent(more)}\nloss = {loss}\n{TRAINED}", *sets)


def graph(made: Program, stage: int = 0) -> Graph:
    """The graph of a stage before any pass."""
    return stage_graph(made, made.stages[stage])


def context(made: Program, resident: Collection[str] | None = None) -> PassContext:
    """What the passes may know of the first stage."""
    return context_of(made, resident, stage_clock(made, made.stages[0], {}))


def optimized(made: Program, level: int = 1) -> Graph:
    """The graph of the first stage after all passes."""
    return run_passes(graph(made), context(made), level=level)
