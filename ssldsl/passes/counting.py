"""How often, and on how many rows, a training step runs each module."""

from collections.abc import Iterator, Mapping

from ssldsl.graph.graph import Graph
from ssldsl.ir.modules import nets_of, paths_of
from ssldsl.ir.nodes import Node
from ssldsl.ops.signature import Signature
from ssldsl.types import Dim, TensorType, parse_dim


def forwards(graph: Graph, signatures: Mapping[str, Signature]) -> dict[str, int]:
    """Forward passes of every module in one training step; ops that run networks say how often they do."""
    counts: dict[str, int] = {}
    for path, count, _ in _calls(graph, signatures):
        counts[path] = counts.get(path, 0) + count
    return counts


def forward_rows(graph: Graph, signatures: Mapping[str, Signature]) -> dict[str, Dim]:
    """Rows that every module sees in one training step, all its forward passes together."""
    rows: dict[str, Dim] = {}
    for path, count, batch in _calls(graph, signatures):
        rows[path] = rows.get(path, Dim.of(0)) + batch * count
    return rows


def _calls(graph: Graph, signatures: Mapping[str, Signature]) -> Iterator[tuple[str, int, Dim]]:
    """Module, number of forwards and rows of each, for every node of the training step that runs networks."""
    for node in graph.nodes:
        if node in graph.step_nodes:
            count = 1 if node.op == "apply" else _hidden(node, signatures)
            for net in nets_of(node):
                yield from ((path, count, _rows(node)) for path in paths_of(net))


def _hidden(node: Node, signatures: Mapping[str, Signature]) -> int:
    """How often an op runs the networks it is given."""
    signature = signatures.get(node.op)
    if signature is None:
        return 1
    count = parse_dim(str(signature.traits.forwards), lambda name: int(_value(node, signature, name))).value
    return 1 if count is None else count


def _value(node: Node, signature: Signature, name: str) -> int:
    given = node.setting(name)
    spec = signature.setting(name)
    return int(given if given is not None or spec is None else spec.default)


def _rows(node: Node) -> Dim:
    batches = (n.type.dims[0] for n in node.inputs if isinstance(n.type, TensorType) and n.type.dims)
    return next(batches, Dim.of(0))
