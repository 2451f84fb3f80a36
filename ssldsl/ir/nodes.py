"""The values of a checked experiment: nodes of the dataflow graph, scalars in time, durations.

A node is an op applied to nodes. Nodes are interned: those with equal op, inputs, settings and draw are one object.
"""

from typing import Any, Literal

from attrs import frozen

from ssldsl.source import Span
from ssldsl.types import DataType, Dim, SplitsType, Type
from ssldsl.values import Combined, Constant, Curve, Duration, Scalar

# None, bool, int, float, str, Duration, Scalar, or tuples of these.
Setting = Any


# How a network runs for one call: as the stage trains it; in evaluation mode, without gradient; moving no statistics;
# in an evaluation, with the weights that the stage averages, or as the one of a list that a term is lowest of.
Mode = Literal["", "rest", "steady", "average", "best"]


@frozen(eq=False)
class Node:
    """An op applied to nodes. Equality is identity: interning makes equal nodes the same object.

    op: an op of the library, or one of the primitives (`ssldsl.ir.primitives`).
    params: name of the op's parameter that each input fills.
    grad_modules: the modules whose parameters the value's gradient reaches.
    draw: of an op that draws or remembers, the name of that call; part of identity.
    rows: the node that says which samples the rows are.
    spans: where it was first written, innermost first (the call inside a `def`, then the call of the `def`).
    """

    id: int
    op: str
    inputs: tuple["Node", ...]
    params: tuple[str, ...]
    settings: tuple[tuple[str, Setting], ...]
    type: Type
    grad_modules: frozenset[str] = frozenset()
    draw: str = ""
    rows: "Node | None" = None
    spans: tuple[Span, ...] = ()
    alias: str = ""  # the user's name for it: a `let`, a loss term, a stream
    within: str = ""  # of a view: the stream, or else the `view`, that it is a part of

    def setting(self, name: str) -> Setting:
        return dict(self.settings).get(name)

    def __repr__(self) -> str:
        return f"<{self.id}: {self.op} {self.alias}>"


def step_inputs(node: Node) -> tuple[Node, ...]:
    """The inputs that a step has to do with: what a data set was computed from is done before its first step."""
    if isinstance(node.type, DataType):
        return tuple(n for n in node.inputs if isinstance(n.type, DataType | SplitsType))
    return node.inputs


def _as_key(settings: tuple[tuple[str, Setting], ...]) -> tuple[tuple[str, Dim | str], ...]:
    """Settings as a key: `repr` tells 1 from 1.0 and True, which hash alike; a size may be long to write."""
    return tuple((name, value if isinstance(value, Dim) else repr(value)) for name, value in settings)


class Interner:
    """Makes nodes; the same node for the same op, inputs, settings and draw.

    written: where every node was first written since the stage began that is being read. Two stages that write the
        same share a node, and not the place.
    """

    def __init__(self) -> None:
        self._nodes: dict[Any, Node] = {}
        self.written: dict[int, tuple[Span, ...]] = {}

    def begin_stage(self) -> None:
        self.written = {}

    def spans_of(self, node: Node) -> tuple[Span, ...]:
        """Where a node is written in the stage that is being read, or else where it was first written."""
        return self.written.get(node.id, node.spans)

    def __len__(self) -> int:
        return len(self._nodes)

    def node(
        self,
        op: str,
        inputs: tuple[Node, ...] = (),
        *,
        type: Type,
        params: tuple[str, ...] = (),
        settings: tuple[tuple[str, Setting], ...] = (),
        grad_modules: frozenset[str] = frozenset(),
        draw: str = "",
        rows: Node | None = None,
        spans: tuple[Span, ...] = (),
        alias: str = "",
        within: str = "",
    ) -> Node:
        """The node with these parts; the first one made keeps its spans and names."""
        key = (op, tuple(n.id for n in inputs), params, _as_key(settings), draw)
        if key not in self._nodes:
            self._nodes[key] = Node(
                len(self._nodes), op, inputs, params, settings, type, grad_modules, draw, rows, spans, alias, within
            )
        node = self._nodes[key]
        self.written.setdefault(node.id, spans or node.spans)
        return node


__all__ = [
    "Combined",
    "Constant",
    "Curve",
    "Duration",
    "Interner",
    "Node",
    "Scalar",
    "Setting",
    "step_inputs",
]
