"""`draws`: the rows of several random draws, one below the other. Setting `names`: those of the draws, in order."""

from collections.abc import Iterator

from ssldsl.ir.nodes import Node
from ssldsl.ir.primitive import SOME, Primitive
from ssldsl.ir.shapes import joined, tensors
from ssldsl.types import Type


def _type(node: Node) -> Type | None:
    rows = tensors(node)
    return None if rows is None else joined(rows)


def _faults(node: Node) -> Iterator[str]:
    if len(node.setting("names")) != len(node.inputs):
        yield f"{len(node.inputs)} draws with the names {node.setting('names')}"


def draws_of(node: Node) -> tuple[tuple[str, Node], ...]:
    """The draws that a random node makes, each with its rows: its own, or those that it is called for at once."""
    if node.rows is None:
        return ()
    if node.rows.op == PRIMITIVE.name:
        return tuple(zip(node.rows.setting("names"), node.rows.inputs, strict=True))
    return ((node.draw, node.rows),)


PRIMITIVE = Primitive(
    "draws",
    SOME,
    drawn="nothing",
    type_of=_type,
    faults=_faults,
    called=lambda settings: "rng",
    is_lookup=True,
)
