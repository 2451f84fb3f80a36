"""The invariants of a graph, checked after every pass: whoever breaks one is named, and nothing later is blamed."""

from collections.abc import Iterator, Mapping

import networkx as nx

from ssldsl.errors import InternalError
from ssldsl.graph.graph import Graph
from ssldsl.ir.nodes import Node
from ssldsl.ir.primitives import PRIMITIVES
from ssldsl.ir.primitives.draws import draws_of
from ssldsl.ops.signature import Signature
from ssldsl.types import TensorType, Type


def verify(graph: Graph, signatures: Mapping[str, Signature], after: str = "lowering") -> None:
    """Nothing, or an `InternalError` that names the pass, the stage, and every node that is wrong."""
    found = [*_wrong_order(graph), *_wrong_terms(graph), *_wrong_watches(graph)]
    for node in graph.nodes:
        found += [f"{node!r}: {problem}" for problem in _wrong_node(node, signatures)]
    found += _wrong_draws(graph, signatures)
    if found:
        raise InternalError(f"stage `{graph.stage}` is broken after `{after}`: " + "; ".join(found))


def _wrong_order(graph: Graph) -> Iterator[str]:
    """Each node once, each behind all that must be there before it, no circle, and nothing left out."""
    position = {node: i for i, node in enumerate(graph.nodes)}
    if len(position) != len(graph.nodes):
        yield "a node stands in it twice"
    needed = dict.fromkeys(
        (*(before for before, _, _ in graph.edges), *(n for c in graph.effects for n in c), *graph.roots)
    )
    yield from (f"{node!r} is needed and not part of it" for node in needed if node not in position)
    last = len(position)
    wrong = [(a, b) for a, b, _ in graph.edges if position.get(a, -1) >= position.get(b, last)]
    for before, node in dict.fromkeys(wrong):
        kinds = {facts["kind"] for facts in graph.network[before][node].values()}
        if kinds == {"effect"}:
            yield f"the effects of {before!r} and {node!r} stand in another order"
        else:
            yield f"{node!r} stands before {before!r}, which it needs"
    if wrong and not nx.is_directed_acyclic_graph(graph.network):  # an order that holds proves that there is none
        yield f"it has a circle: {nx.find_cycle(graph.network)}"


def _wrong_terms(graph: Graph) -> Iterator[str]:
    for term in graph.terms:
        type_ = term.node.type
        if not (isinstance(type_, TensorType) and type_.dims == ()):
            yield f"term `{term.name}` is not a single number but {type_}"
        if not term.node.grad_modules:
            yield f"the gradient of term `{term.name}` reaches nothing"


def _wrong_watches(graph: Graph) -> Iterator[str]:
    for watch in graph.watches:
        if not (isinstance(watch.node.type, TensorType) and watch.node.type.dims == ()):
            yield f"`{watch.name}`, which is watched, is not a single number but {watch.node.type}"


def _wrong_node(node: Node, signatures: Mapping[str, Signature]) -> Iterator[str]:
    if not isinstance(node.type, Type):
        yield f"it has no type but {node.type!r}"
    elif node.op in PRIMITIVES:
        yield from _wrong_primitive(node)
    elif node.op in signatures:
        yield from _wrong_call(node, signatures[node.op])
    else:
        yield "no such op"


def _wrong_primitive(node: Node) -> Iterator[str]:
    primitive = PRIMITIVES[node.op]
    if not primitive.arity.allows(len(node.inputs)):
        yield f"{len(node.inputs)} inputs"
        return
    expected = primitive.type_of(node)
    if expected not in (None, node.type) and not _agree(expected, node.type, _symbols(node)):
        yield f"its type is {node.type}, its inputs make it {expected}"
    yield from primitive.faults(node)


def _agree(expected: Type, found: Type, known: frozenset[str]) -> bool:
    """The same shape; what the numbers mean may have been said more exactly.

    known: the symbols of the inputs. A size with others is the network's own, and what it is only its forward says.
    """
    if not (isinstance(expected, TensorType) and isinstance(found, TensorType)):
        return expected == found
    if len(expected.dims) != len(found.dims):
        return False
    return all(a == b or a.symbols - known for a, b in zip(expected.dims, found.dims, strict=True))


def _symbols(node: Node) -> frozenset[str]:
    tensors = (n.type for n in node.inputs if isinstance(n.type, TensorType))
    return frozenset[str]().union(*(dim.symbols for type_ in tensors for dim in type_.dims))


def _wrong_call(node: Node, signature: Signature) -> Iterator[str]:
    names = [edge.name for edge in signature.edges]
    if node.params and len(node.params) != len(node.inputs):
        yield f"{len(node.inputs)} inputs for the parameters {node.params}"
    filled = node.params or tuple(names[: len(node.inputs)])
    yield from (f"it has no edge `{name}`" for name in filled if name not in names)
    for edge in signature.edges:
        count = filled.count(edge.name)
        if count == 0 and not edge.optional:
            yield f"edge `{edge.name}` is empty"
        elif count > 1 and not edge.many:
            yield f"edge `{edge.name}` is filled {count} times"
    known = {s.name for s in signature.settings} | ({"every"} if signature.derives else set())
    yield from (f"it has no setting `{name}`" for name, _ in node.settings if name not in known)


def _wrong_draws(graph: Graph, signatures: Mapping[str, Signature]) -> Iterator[str]:
    seen: dict[str, Node] = {}
    for node in graph.nodes:
        signature = signatures.get(node.op)
        if signature is None or not signature.uses_rng or signature.role == "data":
            continue  # data are made before there is a batch, by the numbers of their samples
        if node.rows is None:
            yield f"{node!r}: it is random and nothing says which samples its rows are"
        for draw, _ in draws_of(node):
            if not draw:
                yield f"{node!r}: it is random and its draw has no name"
            elif draw in seen:
                yield f"{node!r}: its draw `{draw}` is also that of {seen[draw]!r}"
            seen[draw] = node
