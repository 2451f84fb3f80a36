"""Losses of views alone that one answer to everything makes least are reported (L615), and no others."""

from pathlib import Path

import pytest

from ssldsl.check import check
from ssldsl.source import Source

HEAD = """\
ssl 1
data   images    = digits()
stream labeled   = images.train.subset(100, seed=0)
stream unlabeled = unlabel(images.train)
net    encoder   = convnet(width=8)
head   projector = mlp_head(encoder.dim, hidden=[16], out=10)
head   guess     = mlp_head(10, hidden=[16], out=10)
net    model     = encoder >> projector
net    teacher   = ema(model, momentum={momentum})
let    crops     = draw(2, random_shift(unlabeled, 2))
let    views     = model(crops)
batch = 20
run   = 3it
"""


def codes(loss: str, momentum: str = "0.99") -> list[str]:
    found = check(Source("views.ssl", f"{HEAD.format(momentum=momentum)}loss = {loss}\n")).diagnostics
    return [d.code for d in found if d.code != "L602"]


@pytest.mark.parametrize(
    "loss",
    [
        "mean(squared_error(first(views), last(views)))",
        "mean(squared_error(views, stop(swap(views))))",
        "mean(squared_error(views, swap(teacher(crops))))",
        "mean(squared_error(guess(views), swap(views)))",
        "mean(negative_cosine_similarity(guess(views), stop(views)))",
        "mean(kl(views, probabilities(stop(swap(views)))))",
        "ce(labeled, net=model) + mean(negative_cosine_similarity(guess(views), stop(views)))",
    ],
)
def test_what_falls_for_no_reason_is_reported(loss: str) -> None:
    assert codes(loss) == ["L615"]


@pytest.mark.parametrize(
    "loss",
    [
        "mean(negative_cosine_similarity(guess(views), stop(swap(views))))",
        "mean(negative_cosine_similarity(guess(views), swap(teacher(crops))))",
        "ce(labeled, net=model) + mean(squared_error(views, stop(swap(views))))",
        "mean(kl(views, probabilities(stop(swap(views))))) - mean(marginal_entropy(probabilities(views)))",
        "mean(cross_entropy(views, hard_labels(stop(swap(views)))))",
        "mean(kl(views, sinkhorn(stop(swap(views)))))",
    ],
)
def test_what_has_something_in_the_way_is_not(loss: str) -> None:
    assert codes(loss) == []


def test_a_copy_that_never_moves_is_a_target_to_learn_from() -> None:
    assert codes("mean(squared_error(views, swap(teacher(crops))))", momentum="1.0") == []


OWN = '''\
from torch import Tensor

from ssldsl.ops import Features, Losses, op


@op()
def apart(features: Features[Tensor, "batch dim"], other: Features[Tensor, "batch dim"]) -> Losses[Tensor, "batch"]:
    r"""Distance of every row from its other view."""
    return (features - other).pow(2).sum(-1)
'''


def test_for_a_loss_of_ones_own_it_is_said_how_comparing_rows_is_declared(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(OWN, "utf-8")
    text = HEAD.format(momentum="0.99").replace("ssl 1\n", 'ssl 1\nuse "mine.py"\n')
    found = check(Source(str(tmp_path / "views.ssl"), f"{text}loss = mean(apart(first(views), last(views)))\n"))
    helps = [d.help for d in found.diagnostics if d.code == "L615"]
    assert len(helps) == 1 and '`@op(across="gather")`' in helps[0]
