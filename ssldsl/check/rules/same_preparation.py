"""L611: a network is evaluated on images that are prepared as those that it learns from: same range, same size."""

from collections.abc import Iterable, Iterator

from attrs import frozen

from ssldsl.check.messages import warnings
from ssldsl.check.state.context import Context
from ssldsl.check.state.reader import Reader
from ssldsl.errors import Diagnostic
from ssldsl.ir.modules import paths_of
from ssldsl.ir.nodes import Node
from ssldsl.ir.program import Stage
from ssldsl.ir.walk import ancestors
from ssldsl.ops.signature import Signature
from ssldsl.source import Span
from ssldsl.types import TensorType

Views = tuple[str, ...]  # what is fixed of a preparation, as it is written


@frozen
class Preparation:
    """How images come to a network: the views that change their values without drawing, and their height and width."""

    views: Views
    size: tuple[int | None, ...]


def same_preparation(stage: Stage, reader: Reader) -> Iterator[Diagnostic]:
    """Once for every evaluation; silent beside an error, and of networks that read no images in the loss."""
    if reader.ctx.reporter.failed:
        return
    learned = _by_network(reader.ctx, ancestors(term.node for term in stage.terms))
    for evaluation in stage.evaluations:
        for path, seen in _by_network(reader.ctx, ancestors([evaluation.node])).items():
            known = learned.get(path)
            wrong = _first_unknown(seen, known) if known else None
            if wrong is not None and known is not None:
                yield _message(path, next(iter(known)), wrong, evaluation.span)
                break


def _first_unknown(seen: Iterable[Preparation], known: Iterable[Preparation]) -> Preparation | None:
    """What is evaluated in a way in which nothing is learned."""
    views, sizes = {how.views for how in known}, {how.size for how in known}
    is_open = any(None in size for size in sizes)
    for how in seen:
        if how.views not in views or not (is_open or None in how.size or how.size in sizes):
            return how
    return None


def _message(path: str, learned: Preparation, found: Preparation, place: Span) -> Diagnostic:
    if found.views != learned.views:
        return warnings.other_range(path, learned.views, found.views, place)
    return warnings.other_size(path, learned.size, found.size, place)


def _by_network(ctx: Context, nodes: Iterable[Node]) -> dict[str, dict[Preparation, None]]:
    """How images come to each network that reads them; an average counts as what it follows."""
    ways: dict[int, frozenset[Views]] = {}
    found: dict[str, dict[Preparation, None]] = {}
    for node in nodes:
        if node.op in ("draw", "full_dataset"):
            ways[node.id] = frozenset({()})
        elif node.op == "apply" and node.inputs[1].id in ways and _is_images(node.inputs[1]):
            path = _followed(ctx, paths_of(node.inputs[0])[0])
            size = tuple(dim.value for dim in _type(node.inputs[1]).dims[2:])
            known = found.setdefault(path, {})
            known.update({Preparation(views, size): None for views in sorted(ways[node.inputs[1].id])})
        elif node.op != "apply":
            before = frozenset[Views]().union(*(ways.get(value.id, ()) for value in node.inputs))
            ways[node.id] = frozenset(_after(ctx.signatures.get(node.op), node, views) for views in before)
    return found


def _after(signature: Signature | None, node: Node, views: Views) -> Views:
    if signature is None or not _is_fixed(signature):
        return views
    settings = ", ".join(f"{name}={_text(value)}" for name, value in node.settings)
    return (*views, f"{node.op}({settings})")


def _is_fixed(signature: Signature) -> bool:
    """Whether a view changes the values of every image alike, and neither their number nor their size."""
    if signature.role != "views" or signature.is_random({}) or len(signature.outputs) != 1:
        return False
    return signature.edges[0].dims == signature.outputs[0].dims


def _text(value: object) -> str:
    return f"[{', '.join(map(_text, value))}]" if isinstance(value, tuple | list) else str(value)


def _is_images(node: Node) -> bool:
    return isinstance(node.type, TensorType) and node.type.kind in ("Images", "Vectors")


def _type(node: Node) -> TensorType:
    assert isinstance(node.type, TensorType)
    return node.type


def _followed(ctx: Context, path: str) -> str:
    while path in ctx.modules and ctx.modules[path].average_of:
        path = ctx.modules[path].average_of
    return path
