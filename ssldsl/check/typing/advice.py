"""Ways out of a wrong kind: what turns one kind of tensor into another."""

from ssldsl.check.state.context import Context
from ssldsl.ops.signature import Edge
from ssldsl.source import Span
from ssldsl.types import TensorType


def kind_advice(ctx: Context, wanted: str, found: str, span: Span) -> str:
    """How a value of the kind `found` becomes one of the kind `wanted`, or nothing."""
    text = span.text if span.source in ctx.reporter.own else "x"
    match wanted, found:
        case "Logits", "Probs":
            return "these are probabilities already: pass the logits of the head, before softmax"
        case "Probs", "Logits":
            return f"turn scores into probabilities first: `probabilities({text})`"
        case "Probs", "Labels":
            return f"turn labels into distributions first: `one_hot({text}, images.classes)`"
        case "Embeddings", _:
            return "bring rows to unit length first: end the network with `>> l2norm()`"
        case "Logits", "Embeddings":
            return "put a head behind the network, such as `net >> clusters`"
        case "Logits", "Labels":
            return "labels are no scores: the scores of a head come first"
        case "Labels", "Probs":
            return "distributions are the target of `soft_cross_entropy`, or of `kl`"
        case "Logits", "Images":
            return f"send images through the network first: `classes(encoder({text}))`"
        case "Features", "Images":
            return f"send images through a network first: `encoder({text})`"
    return ""


def shape_advice(edge: Edge, found: TensorType) -> str:
    """What to do where a shape does not fit."""
    if edge.kind == "Images" and len(set(edge.dims)) < len(edge.dims):
        side = min((d.value for d in found.dims[-2:] if d.value is not None), default=224)
        return f"make the images square first, for example by `>> center_crop({side})`"
    if edge.many:
        return f"all of `{edge.name}` must have one shape: send them through one network, as `net(crops)` does"
    return ""
