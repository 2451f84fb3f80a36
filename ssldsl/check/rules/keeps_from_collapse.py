"""L615: a loss of views alone has something that keeps the network from giving the same answer to everything."""

from collections.abc import Iterator, Sequence

from attrs import frozen

from ssldsl.check.messages import warnings
from ssldsl.check.state.context import Context
from ssldsl.check.state.reader import Reader
from ssldsl.errors import Diagnostic
from ssldsl.ir.modules import paths_of
from ssldsl.ir.nodes import Constant, Node
from ssldsl.ir.primitives import KEEPS_NUMBERS
from ssldsl.ir.program import Stage, Term
from ssldsl.ir.walk import ancestors, walk
from ssldsl.ops.signature import Signature
from ssldsl.types import TensorType

SUMS = frozenset({"mean", "sum", "row_mean"})
PASSED = frozenset(
    {"apply", "net", "compose", "draw", "source", "split", "rows", "index", "field", "slice", "repeat_rows"}
)


@frozen
class Pull:
    """A comparison of two things that networks say of views: least where they are the same."""

    node: Node
    one: Node
    other: Node


def keeps_from_collapse(stage: Stage, reader: Reader) -> Iterator[Diagnostic]:
    """Silent beside an error, and where any term does more than to draw two sides together."""
    if reader.ctx.reporter.failed:
        return
    terms = [term for term in stage.terms if term.weight != Constant(0.0)]
    trained = reader.ctx.owners(stage.train)
    pulls = {term: _pulls(reader.ctx, term.node) for term in terms}
    for term, found in pulls.items():
        if any(_is_made_of(pull, trained) for pull in found or ()):
            yield warnings.predicts_itself(term.name, term.span)
            return
    if all(found and all(_collapses(reader.ctx, pull, trained) for pull in found) for found in pulls.values()):
        yield from (_collapsing(reader.ctx, term, trained, found) for term, found in list(pulls.items())[:1] if found)


def _collapsing(ctx: Context, term: Term, trained: frozenset[str], pulls: Sequence[Pull]) -> Diagnostic:
    is_stopped = any(not _trains(side, trained) for pull in pulls for side in (pull.one, pull.other))
    is_own = any(ctx.signatures[pull.node.op].is_own for pull in pulls)
    return warnings.collapses(term.name, is_stopped, is_own, term.span)


def _pulls(ctx: Context, node: Node) -> list[Pull] | None:
    """The comparisons that a term is the mean of; nothing where it is made of anything else."""
    if node.op in SUMS:
        parts = [_pulls(ctx, value) for value in node.inputs]
        return None if None in parts else [pull for part in parts for pull in part or ()]
    signature = ctx.signatures.get(node.op)
    if signature is None or signature.role != "losses" or signature.gathers or len(node.inputs) != 2:
        return None
    one, other = node.inputs
    rows = [value.type.dims for value in node.inputs if isinstance(value.type, TensorType)]
    if len(rows) < 2 or rows[0] != rows[1] or len(rows[0]) != 2:
        return None
    return [Pull(node, one, other)] if all(_is_said_of_views(ctx, side) for side in (one, other)) else None


def _is_said_of_views(ctx: Context, side: Node) -> bool:
    """Whether networks, and what changes every row alike, make a value of images alone."""
    nodes = ancestors([side])
    return any(node.op == "apply" for node in nodes) and all(_is_plain(ctx, node) for node in nodes)


def _is_plain(ctx: Context, node: Node) -> bool:
    if node.op in PASSED or node.op in KEEPS_NUMBERS:
        return True
    signature = ctx.signatures.get(node.op)
    if signature is None:
        return False
    if signature.role in ("views", "data"):
        return not signature.derives
    return signature.role == "targets" and len(node.inputs) == 1 and not signature.gathers


def _is_made_of(pull: Pull, trained: frozenset[str]) -> bool:
    """Whether one side is computed, with its gradient, of the very values that are the other side."""
    for target, made in ((pull.other, pull.one), (pull.one, pull.other)):
        before = target
        while before.op in KEEPS_NUMBERS and before.inputs:
            before = before.inputs[0]
        is_answer = before is not target and before.op == "apply" and _trains(before, trained)
        if is_answer and made is not before and before in _with_gradient(made):
            return True
    return False


def _with_gradient(root: Node) -> list[Node]:
    """What a value's gradient reaches."""
    return walk([root], lambda node: [value for value in node.inputs if value.op != "stop"])


def _collapses(ctx: Context, pull: Pull, trained: frozenset[str]) -> bool:
    """Whether one answer to everything makes a comparison least, and nothing is in the way of it.

    A predictor on one side alone, with the other side stopped, is in the way (SimSiam, BYOL); a head that whitens is.
    """
    chains = _chain(ctx, pull.one), _chain(ctx, pull.other)
    one, other = ([path for path in chain if ctx.modules[path].owns_parameters] for chain in chains)
    if not one or not other or any(_whitens(ctx, chain[-1]) for chain in chains):
        return False
    is_stopped = not (_trains(pull.one, trained) and _trains(pull.other, trained))
    return one == other or (not is_stopped and one[0] == other[0])


def _chain(ctx: Context, side: Node) -> tuple[str, ...]:
    """The networks that a value has passed, in order; an average counts as what it follows, unless it never moves."""
    paths: list[str] = []
    for node in ancestors([side]):
        paths += paths_of(node.inputs[0]) if node.op == "apply" else ()
    return tuple(_followed(ctx, path) for path in paths)


def _followed(ctx: Context, path: str) -> str:
    while ctx.modules[path].average_of and ctx.modules[path].momentum != Constant(1.0):
        path = ctx.modules[path].average_of
    return path


def _whitens(ctx: Context, path: str) -> bool:
    signature: Signature = ctx.modules[path].signature
    return signature.role == "heads" and signature.traits.batch_coupled is True


def _trains(node: Node, trained: frozenset[str]) -> bool:
    return bool(node.grad_modules & trained)
