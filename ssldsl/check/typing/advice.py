"""Ways out of a wrong kind: what turns one kind of tensor into another."""

from collections.abc import Iterable, Mapping
from typing import Any

from ssldsl.check.messages import shapes
from ssldsl.check.state.context import Context
from ssldsl.check.state.values import RoundsRef, StageRef
from ssldsl.ir.nodes import Node
from ssldsl.ops.signature import Edge
from ssldsl.source import Span
from ssldsl.syntax import tree
from ssldsl.types import ROWS, Dim, TensorType


def network_of_stage(value: Any) -> str:
    """How the networks of a stage are had where somebody wrote the stage itself; empty for any other value."""
    if not isinstance(value, StageRef | RoundsRef) or (isinstance(value, StageRef) and not value.stage):
        return ""
    name = value.name if isinstance(value, RoundsRef) else value.stage
    return f"a stage is no network: a later stage takes over weights by `init encoder from {name}`"


def kind_advice(ctx: Context, wanted: str, found: str, span: Span) -> str:
    """How a value of the kind `found` becomes one of the kind `wanted`, or nothing."""
    text = span.text if span.source in ctx.reporter.own else "x"
    match wanted, found:
        case "Logits", "Probs":
            return "these are probabilities already: pass the logits of the head, before softmax"
        case "Probs", "Logits":
            return f"turn scores into probabilities first: `probabilities({text})`"
        case "Probs", "Features" | "Embeddings":
            return "probabilities come of the scores of a head; features are compared by `squared_error(a, b)`"
        case "Probs", "Values":
            return "shares of distributions add up to 1, as in `0.9*p + 0.1*q`"
        case "Probs", "Labels":
            return f"turn labels into distributions first: `one_hot({text}, images.classes)`"
        case "Embeddings", "Positions" | "Labels":
            return "rows come of a network, or of a memory: `past.rows` of `let past = bank(z, all.position)`"
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
        case _, "Masks" | "Weights":
            return f"masks and weights of rows multiply their losses: `mean({text} * cross_entropy(...))`"
    return ""


def count_advice(ctx: Context, edge: Edge, span: Span) -> str:
    """What to do where whole numbers count something else than the other inputs do."""
    if edge.kind != "Positions" or span.source not in ctx.reporter.own:
        return ""
    return (
        f"a memory with a row for each of these samples is one that `{span.text}` feeds, as in `bank(z, {span.text})`"
    )


def shape_advice(ctx: Context, edge: Edge, node: Node, sizes: Mapping[str, Dim]) -> str:
    """What to do where the shape of a tensor does not fit. `sizes`: of the dimensions that others have given."""
    assert isinstance(node.type, TensorType)
    if edge.kind == "Images" and len(set(edge.dims)) < len(edge.dims):
        side = min((d.value for d in node.type.dims[-2:] if d.value is not None), default=None)
        said = size_of_data(ctx, node, node.type.dims[-2:]) if side is None else ""
        cure = f"make the images square first, for example by `>> center_crop({side or 224})`"
        return f"if all are square, say their size: `{said}`; else {cure}" if said else cure
    if edge.dims and node.type.dims and (said := _one_draw(ctx, sizes.get(edge.dims[0]), node.type.dims[0])):
        return said
    if edge.many:
        one = "what views give has one by one network, `net(crops)`, and batches are one by `concat(...)`"
        return f"all of `{edge.name}` must have one shape: {one}"
    if edge.kind == "Probs" and edge.dims[-1:] == ("classes",) and sizes.get("classes") != node.type.dims[-1]:
        return "distributions over the same classes come of heads of one width, or of a list of heads"
    return ""


def _one_draw(ctx: Context, first: Dim | None, second: Dim) -> str:
    """How two streams of the same data become two views of the same samples; empty for other rows."""
    names = [str(dim).removeprefix(ROWS) for dim in (first, second) if dim is not None]
    streams = [stream for name, stream in ctx.streams.items() if name in names]  # in the order of the file
    data = [stream.data.node for stream in streams if stream.data is not None]
    if len(data) < 2 or data[0] is not data[1]:
        return ""
    before, after = (stream.name for stream in streams)
    return f"each stream draws samples of its own; a view of the same ones is `stream {after} = {before} >> ...`"


def size_of_data(ctx: Context, node: Node, dims: Iterable[Dim]) -> str:
    """How the data that a tensor comes from would say sizes that they leave open; empty where they cannot."""
    while node.inputs:
        node = node.inputs[0]
    signature = ctx.signatures.get(str(node.setting("op")))
    names = dict.fromkeys(shapes.unmarked(symbol) for dim in dims for symbol in dim.symbols)
    is_said = signature is not None and bool(names) and all(signature.setting(name) for name in names)
    return f"{signature.name}(..., {', '.join(f'{name}=32' for name in names)})" if is_said and signature else ""


def tensor_advice(expr: tree.Binary, left: str, right: str) -> str:
    """What to do where an operator has no meaning for tensors of these kinds; empty stands for what is no tensor."""
    op, kinds = expr.op, {left, right}
    if op in (">=", "<=", ">", "<") and "Losses" in kinds:
        return f"`{op}` binds looser than `*`: put the comparison in parentheses, `(x {op} 0.95) * loss`"
    if op in ("==", "!="):
        return "labels can be equal; numbers hardly ever are: compare them by `>=` or `<=`"
    if op == "*" and kinds & {"Weights", "Masks"} and "Scalar" in kinds:
        return "this term is one number already: weigh the rows before their mean, `mean(mask * cross_entropy(...))`"
    if op == "*" and "Losses" in kinds:
        return (
            "losses are multiplied by numbers, schedules, and masks or weights of their rows: `confidence(p) >= 0.95`"
        )
    if op in ("+", "-") and kinds & {"Losses", "Scalar"}:
        return "only a loss can be added to a loss; masks and weights multiply it"
    if op == "**":
        return (
            "a square is `t*t`; `sharpen(p, temperature=0.5)` are the squares of probabilities, as a distribution again"
        )
    if op == "/" and left in ("Probs", "Values") and right in ("Probs", "Values"):
        return (
            'probabilities over their running mean are `aligned(p, mean)`; more is an op of your own: `use "my_ops.py"`'
        )
    if op == "/":
        return 'a tensor is divided by a number; more is an op of your own: `use "my_ops.py"`'
    return 'more than sums, products and comparisons is an op of your own: `use "my_ops.py"`' if all(kinds) else ""
