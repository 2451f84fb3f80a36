# ruff: noqa: F722, F821  # shapes in annotations are no forward references
"""Ops of a person's own that compare the rows of a batch, most of which do not say so."""

import torch
from torch import Tensor, nn

from ssldsl.ops import Detached, Features, Labels, Logits, Losses, Pairs, PositiveInt, Probs, Scalar, Values, op


@op(role="targets")
def same(features: Detached[Features[Tensor, "batch dim"]]) -> Pairs[Tensor, "batch batch"]:
    """Which rows are alike: the rows of a batch twice."""
    unit = nn.functional.normalize(features, dim=-1)
    return (unit @ unit.T > 0.9).to(features.dtype)


@op(role="losses")
def alike(
    logits: Logits[Tensor, "batch classes"], pairs: Detached[Pairs[Tensor, "batch batch"]]
) -> Losses[Tensor, "batch"]:
    """Rows that are alike have one answer."""
    p = logits.softmax(-1)
    return -(pairs * (p @ p.T).clamp(min=1e-6).log()).mean(-1)


@op(role="targets")
def class_means(probs: Detached[Probs[Tensor, "batch classes"]]) -> Values[Tensor, "classes"]:
    """The mean of every class over the batch: no rows are left."""
    return probs.mean(0)


@op(role="targets")
def evened(
    probs: Detached[Probs[Tensor, "batch classes"]], means: Values[Tensor, "classes"]
) -> Probs[Tensor, "batch classes"]:
    """Probabilities divided by the means."""
    found = probs / means
    return found / found.sum(-1, keepdim=True)


@op(role="losses")
def nearest_of(
    logits: Logits[Tensor, "batch classes"],
    others: Detached[Probs[Tensor, "others classes"]],
) -> Losses[Tensor, "batch"]:
    """Every row towards the most similar one of another batch."""
    similar = (logits.softmax(-1) @ others.T).argmax(-1)
    return -(others[similar] * logits.log_softmax(-1)).sum(-1)


@op(role="targets")
def largest(values: Detached[Probs[Tensor, "batch classes"]]) -> Scalar[Tensor, ""]:
    """The largest number of the batch."""
    return values.max()


@op(role="targets")
def scaled(
    logits: Logits[Tensor, "batch classes"], by: Detached[Scalar[Tensor, ""]]
) -> Logits[Tensor, "batch classes"]:
    """Scores times a number."""
    return logits * by


@op(role="losses", across="gather")
def contrast(a: Features[Tensor, "batch dim"], b: Features[Tensor, "batch dim"]) -> Scalar[Tensor, ""]:
    """Every row against all of the others."""
    return nn.functional.cross_entropy(a @ b.T, torch.arange(len(a), device=a.device))


@op(role="heads", across="gather")
class Whiten(nn.Module):
    """Rows less their mean, over their spread."""

    def __init__(self, dim: PositiveInt) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.ones(dim))

    def forward(self, features: Features[Tensor, "batch dim"]) -> Features[Tensor, "batch dim"]:
        centered = features - features.mean(0)
        return self.scale * centered / (1 + centered.square().mean(0)).sqrt()


@op(role="losses")
def smooth(
    inputs: Features[Tensor, "batch dim"],
    net: "Net",
    labels: Labels[Tensor, "batch"],
) -> Losses[Tensor, "batch"]:
    """A cross-entropy of a network that an op runs itself."""
    return nn.functional.cross_entropy(net(inputs), labels, reduction="none")
