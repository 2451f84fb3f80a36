"""The compiler knows no op by its name: what an op of one's own says of itself counts as it does for the library's."""

from pathlib import Path

import pytest

from ssldsl.check import Checked, check
from ssldsl.graph.plan import Plan
from ssldsl.passes.planning import make_plan
from ssldsl.source import Source

OPS = '''
import torch
from torch import Tensor
from torch.nn import functional as F

from ssldsl.ops import op
from ssldsl.ops.kinds import Labels, Logits, PositiveFloat, Probs, Scalar, Values


@op(role="targets")
def my_probs(logits: Logits[Tensor, "batch classes"]) -> Probs[Tensor, "batch classes"]:
    """The distribution that scores stand for."""
    return logits.softmax(dim=-1)


@op(role="targets", keeps_prediction=False)
def hot_probs(logits: Logits[Tensor, "batch classes"]) -> Probs[Tensor, "batch classes"]:
    """A sharper distribution: another prediction."""
    return (10 * logits).softmax(dim=-1)


@op(role="targets")
def function_probs(logits: Logits[Tensor, "batch classes"]) -> Probs[Tensor, "batch classes"]:
    """The same, by another way."""
    log_p = F.log_softmax(logits, dim=1)
    return log_p.exp()


@op(role="targets")
def doubled_probs(logits: Logits[Tensor, "batch classes"]) -> Probs[Tensor, "batch classes"]:
    """A sharper distribution, which nobody needs to declare."""
    doubled = 2 * logits
    return doubled.softmax(dim=-1)


@op(role="targets")
def centered_probs(logits: Logits[Tensor, "batch classes"]) -> Probs[Tensor, "batch classes"]:
    """Without the mean of the batch."""
    return torch.softmax(logits - logits.mean(dim=0), dim=-1)


@op(role="targets")
def shares_of_rows(logits: Logits[Tensor, "batch classes"]) -> Probs[Tensor, "batch classes"]:
    """How a class is spread over the rows."""
    return logits.softmax(dim=0)


@op(role="targets", keeps_prediction=True)
def counted_probs(logits: Logits[Tensor, "batch classes"]) -> Probs[Tensor, "batch classes"]:
    """A softmax in a way of its own."""
    return logits.exp() / logits.exp().sum(dim=-1, keepdim=True)


@op(role="targets", keeps_prediction={"heat": 1.0})
def warm_probs(logits: Logits[Tensor, "batch classes"], *, heat: PositiveFloat = 1.0) -> Probs[Tensor, "batch classes"]:
    """The distribution of scores at a temperature."""
    return (logits / heat).softmax(dim=-1)


@op(role="losses", uniform="classes")
def my_loss(logits: Logits[Tensor, "batch classes"], labels: Labels[Tensor, "batch"]) -> Scalar[Tensor, ""]:
    """Mean cross-entropy."""
    return F.cross_entropy(logits, labels)


@op(role="metrics", picture="confusion")
def my_table(
    logits: Logits[Tensor, "samples classes"], labels: Labels[Tensor, "samples"]
) -> Values[Tensor, "classes classes"]:
    """Which class is taken for which."""
    return torch.zeros(logits.shape[1], logits.shape[1]).index_put((labels, logits.argmax(1)), torch.ones(()), True)
'''
SPEC = """ssl 1
use "my_ops.py"
data   images    = digits()
stream labeled   = images.train.subset(100, seed=0)
stream unlabeled = unlabel(images.train)
net    encoder   = convnet(width=8)
head   classes   = linear(encoder.dim, images.classes)
let    seen      = classes(encoder(unlabeled))
loss  = my_loss(classes(encoder(labeled)), labeled.label) as own + entropy(seen) {more}
batch = {{labeled: 50, unlabeled: 50}}
run   = 2it
eval my_table(classes(encoder(images.test)), images.test.label) as table
"""


def checked(folder: Path, more: str = "") -> Checked:
    (folder / "my_ops.py").write_text(OPS, "utf-8")
    return check(Source(str(folder / "own.ssl"), SPEC.format(more=more)))


def plan(folder: Path) -> Plan:
    return make_plan(checked(folder).unwrap(), sizes={})


@pytest.mark.parametrize(
    "target",
    [
        "my_probs(stop(seen))", "function_probs(stop(seen))", "counted_probs(stop(seen))", "warm_probs(stop(seen))",
        "probabilities(stop(seen))",
    ],
)  # fmt: skip
def test_a_softmax_of_ones_own_changes_no_prediction_so_comparing_with_it_is_refused(
    target: str, tmp_path: Path
) -> None:
    assert [d.code for d in checked(tmp_path, f"+ kl(seen, {target})").diagnostics] == ["D406"]


@pytest.mark.parametrize(
    "target",
    [
        "hot_probs(stop(seen))", "warm_probs(stop(seen), heat=0.5)", "doubled_probs(stop(seen))",
        "centered_probs(stop(seen))", "shares_of_rows(stop(seen))",
    ],
)  # fmt: skip
def test_what_changes_the_prediction_may_be_compared_with(target: str, tmp_path: Path) -> None:
    assert checked(tmp_path, f"+ kl(seen, {target})").diagnostics == ()


def test_a_cross_entropy_of_ones_own_is_watched_for_collapse(tmp_path: Path) -> None:
    assert [(t.name, t.classes) for t in plan(tmp_path).stages[0].terms] == [("own", 10), ("entropy", None)]


def test_a_confusion_matrix_of_ones_own_is_drawn_as_one(tmp_path: Path) -> None:
    assert [(e.name, e.picture) for e in plan(tmp_path).stages[0].evaluations] == [("table", "confusion")]
