"""What the inputs of an op must have to do with one another: scores and labels, copies and samples, two sides."""

from typing import Any

from ssldsl.check.messages import dataflow, shapes, types
from ssldsl.check.state.context import Context
from ssldsl.check.typing import index_field
from ssldsl.errors import Note
from ssldsl.ir.nodes import Node, Setting
from ssldsl.ir.primitives import KEEPS_NUMBERS
from ssldsl.ops.signature import Edge, Signature
from ssldsl.source import Span
from ssldsl.types import LIKE_INPUT, TensorType

Given = dict[str, tuple[Any, Span]]
_SIDES = frozenset({"Images", "Vectors", "Features", "Embeddings", "Logits", "Probs", "Scores"})


def agree(
    ctx: Context,
    signature: Signature,
    inputs: list[Node],
    params: list[str],
    given: Given,
    settings: tuple[tuple[str, Setting], ...],
    span: Span,
) -> bool:
    """Whether the inputs go together; what does not is reported."""
    checks = (_alike, _with_labels, _with_classes, _with_copies)
    if not all(check(ctx, signature, inputs, params, given) for check in checks):
        return False
    if not _with_setting(ctx, signature, inputs, params, given, dict(settings)):
        return False
    _compare_with_itself(ctx, signature, inputs, params, given, settings, span)
    return True


def _alike(ctx: Context, signature: Signature, inputs: list[Node], params: list[str], given: Given) -> bool:
    """Values whose kind an op leaves open are of one kind."""
    first: TensorType | None = None
    for node, param in zip(inputs, params, strict=True):
        edge = signature.edge(param)
        if edge is None or edge.kind not in LIKE_INPUT or not isinstance(node.type, TensorType):
            continue
        if first is not None and (node.type.kind, node.type.classes) != (first.kind, first.classes):
            found = shapes.written(first), shapes.written(node.type)
            ctx.report(types.not_alike(signature.name, *found, given[param][1]))
            return False
        first = first or node.type
    return True


def _with_labels(ctx: Context, signature: Signature, inputs: list[Node], params: list[str], given: Given) -> bool:
    """A head must have a score for every class its labels can be."""
    scores = _scores(signature, inputs, params)
    for node, param in zip(inputs, params, strict=True):
        classes = node.type.classes if isinstance(node.type, TensorType) else None
        if scores is None or classes is None or node.type.kind != "Labels":  # type: ignore[union-attr]  # a tensor: it has classes
            continue
        width = scores.type.dims[-1]  # type: ignore[union-attr]  # a tensor
        if width != classes and (width.value is not None and classes.value is not None):
            if not ctx.is_first_report(_network_of(scores), f"{classes} classes"):
                return False
            said, are_features = (shapes.size(width), shapes.size(classes)), scores.type.kind == "Features"  # type: ignore[union-attr]  # a tensor
            place, head = given[param][1], _head_of(ctx, scores)
            ctx.report(types.labels_of_other_classes(*said, are_features, place, head))
            return False
    return True


def with_scores(
    ctx: Context, signature: Signature, inputs: list[Node], params: list[str], edge: Edge, node: Node, span: Span
) -> bool:
    """Target distributions are over the classes of the scores that are held against them."""
    scores = _scores(signature, inputs, params)
    if edge.kind != "Probs" or scores is None or scores.type.kind != "Logits":  # type: ignore[union-attr]  # a tensor
        return True
    ours, theirs = scores.type.dims[-1], node.type.dims[-1]  # type: ignore[union-attr]  # tensors
    if ours == theirs or ours.value is None or theirs.value is None:
        return True
    ctx.report(types.targets_of_other_classes(shapes.size(ours), shapes.size(theirs), span, _head_of(ctx, scores)))
    return False


def _with_classes(ctx: Context, signature: Signature, inputs: list[Node], params: list[str], given: Given) -> bool:
    """Features are scores only where there are as many as the data have classes."""
    for node, param in zip(inputs, params, strict=True):
        edge = signature.edge(param)
        is_scores = edge is not None and edge.kind in ("Logits", "Scores")
        if not is_scores or not isinstance(node.type, TensorType) or node.type.kind != "Features" or node.rows is None:
            continue
        width, classes = node.type.dims[-1], index_field.classes_of(node.rows)
        if classes is None or classes.value is None or width.value is None or width == classes:
            continue
        if ctx.is_first_report(_network_of(node), f"{classes} classes"):
            said = shapes.size(width), shapes.size(classes)
            ctx.report(types.features_as_scores(signature.name, *said, given[param][1], _head_of(ctx, node)))
        return False
    return True


def _with_setting(
    ctx: Context,
    signature: Signature,
    inputs: list[Node],
    params: list[str],
    given: Given,
    settings: dict[str, Setting],
) -> bool:
    """An op that is told how many classes there are is told those of its labels."""
    told = settings.get("classes")
    for node, param in zip(inputs, params, strict=True):
        classes = node.type.classes if isinstance(node.type, TensorType) else None
        known = None if classes is None else classes.value
        if isinstance(told, int) and known is not None and told != known:
            ctx.report(types.told_other_classes(signature.name, told, known, given[param][1]))
            return False
    return True


def _with_copies(ctx: Context, signature: Signature, inputs: list[Node], params: list[str], given: Given) -> bool:
    """A loss over copies of samples needs samples that come more than once."""
    for node, param in zip(inputs, params, strict=True):
        if param != signature.traits.copies or node.op != "index" or index_field.has_copies(node.inputs[0]):
            continue
        ctx.report(dataflow.no_copies(signature.name, given[param][1]))
        return False
    return True


def _scores(signature: Signature, inputs: list[Node], params: list[str]) -> Node | None:
    """The input that an op reads as scores of classes, whatever else it may be."""
    for node, param in zip(inputs, params, strict=True):
        edge = signature.edge(param)
        if edge is not None and edge.kind in ("Logits", "Probs", "Scores") and isinstance(node.type, TensorType):
            return node
    return None


def _network_of(scores: Node) -> str:
    """The path of the network that gave some scores, or what else they are."""
    while scores.op in KEEPS_NUMBERS:
        scores = scores.inputs[0]
    is_applied = scores.op == "apply" and scores.inputs[0].op == "net"
    return str(scores.inputs[0].setting("name")) if is_applied else f"node {scores.id}"


def _head_of(ctx: Context, scores: Node) -> tuple[Note, ...]:
    """The declaration of the head that gave some scores."""
    head = ctx.modules.get(_network_of(scores))
    if head is None:
        return ()
    what = "this head" if head.kind == "head" else "this network"
    return (Note(head.span, what),) if head.span.source in ctx.reporter.own else ()


def _compare_with_itself(
    ctx: Context,
    signature: Signature,
    inputs: list[Node],
    params: list[str],
    given: Given,
    settings: tuple[tuple[str, Setting], ...],
    span: Span,
) -> None:
    """A loss holds predictions against something else: against their target, or against one another in a list."""
    if signature.role != "losses":
        return
    for edge in signature.edges:
        items = [node for node, param in zip(inputs, params, strict=True) if param == edge.name]
        if _first_twin(ctx, items):
            ctx.report(dataflow.equal_items(signature.name, edge.name, given[edge.name][1]))
            return
    if dict(settings).get("temperature", 1.0) == 1.0 and _is_its_own_target(ctx, signature, inputs, params):
        ctx.report(dataflow.compared_with_itself(signature.name, span))


def _first_twin(ctx: Context, items: list[Node]) -> bool:
    """Whether two of several values are the same numbers."""
    return any(ctx.sameness.is_same(a, b) for i, a in enumerate(items) for b in items[i + 1 :])


def _is_its_own_target(ctx: Context, signature: Signature, inputs: list[Node], params: list[str]) -> bool:
    """Whether a prediction is its target: that is the detached edge; where there is none, all sides are alike.

    Masks, weights and numbers are no sides. Items of lists are not paired: which belong together only the op says.
    """
    edges = [(signature.edge(param), node) for node, param in zip(inputs, params, strict=True)]
    sides = [(e, n) for e, n in edges if e is not None and _is_side(e)]
    targets = [n for e, n in sides if e.detached]
    predictions = [n for e, n in sides if not e.detached]
    if targets:
        return any(ctx.sameness.is_same(p, t) for p in predictions for t in targets)
    return len(predictions) > 1 and all(ctx.sameness.is_same(predictions[0], p) for p in predictions[1:])


def _is_side(edge: Edge) -> bool:
    """Whether an edge takes one prediction or one target for every row."""
    return not edge.many and (edge.kind in _SIDES or (edge.kind == "Values" and len(edge.dims) > 1))
