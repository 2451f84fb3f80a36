"""Items of terms over a list of networks: `assign.0`, `assign.1`, ... are recorded beside the term `assign`."""

from collections.abc import Iterable, Iterator, Sequence

from ssldsl.check.state.context import Context
from ssldsl.ir.nodes import Node
from ssldsl.ir.program import Term, WatchedNumber
from ssldsl.ir.walk import ancestors, networks
from ssldsl.types import TensorType


def items_of(ctx: Context, terms: Iterable[Term]) -> tuple[WatchedNumber, ...]:
    """What is recorded of every term that is a mean over a list of networks, an item for each of them."""
    return tuple(watch for term in terms for watch in _items(ctx, term))


def list_of(ctx: Context, term: Term) -> str:
    """The list of networks that a term is a mean over; nothing for any other term."""
    return next((path for path, _ in _grouped(ctx, term)), "")


def _items(ctx: Context, term: Term) -> Iterator[WatchedNumber]:
    for _, items in _grouped(ctx, term):
        for number, nodes in enumerate(items):
            yield WatchedNumber(f"{term.name}.{number}", _mean(ctx, nodes), term.span, term.name, term.update)
        return


def _grouped(ctx: Context, term: Term) -> Iterator[tuple[str, list[list[Node]]]]:
    """Lists of networks of which every item of the term uses one, each with the items of its networks."""
    if term.node.op not in ("mean", "sum"):
        return
    used = [[_member(ctx, path) for path in networks(ancestors([item]))] for item in term.node.inputs]
    for path in dict.fromkeys(of for members in used for of, _ in members if of):
        numbers = [{number for of, number in members if of == path} for members in used]
        count = 1 + max(number for of, number in _members(ctx) if of == path)
        items: list[list[Node]] = [
            [n for n, own in zip(term.node.inputs, numbers, strict=True) if own == {number}] for number in range(count)
        ]
        if all(items) and sum(map(len, items)) == len(term.node.inputs):
            yield path, items


def _members(ctx: Context) -> list[tuple[str, int]]:
    return [_member(ctx, path) for path in ctx.modules]


def _member(ctx: Context, path: str) -> tuple[str, int]:
    """The list that a module belongs to, and which of its networks it is a part of."""
    of = ctx.modules[path].of_list
    return (of, int(path.removeprefix(f"{of}.").partition(".")[0])) if of else ("", 0)


def _mean(ctx: Context, nodes: Sequence[Node]) -> Node:
    """The mean of several numbers; one as it is."""
    if len(nodes) == 1:
        return nodes[0]
    grad_modules = frozenset[str]().union(*(node.grad_modules for node in nodes))
    return ctx.interner.node(
        "mean",
        tuple(nodes),
        params=("values",) * len(nodes),
        type=TensorType("Scalar"),
        spans=nodes[0].spans,
        grad_modules=grad_modules,
    )
