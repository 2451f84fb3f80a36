"""Several calls as one over the rows of all of them."""

from collections.abc import Callable, Hashable, Iterable

from attrs import define

from ssldsl.graph.graph import Graph, GraphBuilder, rewrite
from ssldsl.graph.updates import kept_apart
from ssldsl.ir.nodes import Node
from ssldsl.ir.shapes import rows_of
from ssldsl.passes.slicing import again, take_rows, tensor
from ssldsl.types import Dim

Kind = Callable[[Node], Hashable]  # what calls that become one have in common; nothing of a node that stays as it is
Call = Callable[[GraphBuilder, list[Node]], Node]  # the one call, for nodes whose inputs have been rebuilt


@define
class _Group:
    """Calls that become one, and once it is built: that one, and the first row of each."""

    members: list[Node]
    merged: Node | None = None
    starts: dict[Node, Dim] | None = None


def merge_calls(graph: Graph, kind_of: Kind, call: Call) -> Graph:
    """Calls of one kind and one depth are one call, and each is the rows of it that it was before.

    Depth counts the candidates on the longest way to a node. It never falls along an edge and rises behind a candidate,
    so candidates of one depth do not need one another, and merging all groups at once cannot close a circle.
    Calls before and behind an update of weights stay apart, and those of updates that take turns.
    """
    groups = _groups(graph, kind_of)
    plain_needs = graph.network.predecessors

    def needs_of(node: Node) -> Iterable[Node]:
        group = groups.get(node)
        if group is None:
            return plain_needs(node)
        if node is not group.members[0]:
            return (*plain_needs(node), group.members[0])
        return tuple(value for member in group.members for value in plain_needs(member))

    def rule(node: Node, inputs: tuple[Node, ...], build: GraphBuilder) -> Node:
        group = groups.get(node)
        return again(build, node, inputs) if group is None else _rows_of_merged(build, group, node, call)

    return rewrite(graph, rule, needs_of) if groups else graph


def _groups(graph: Graph, kind_of: Kind) -> dict[Node, _Group]:
    """The group of every call that shares one."""
    apart = kept_apart(graph.nodes, graph.terms, graph.watches, graph.updates)
    depth: dict[Node, int] = {}
    candidates: set[Node] = set()
    by_kind: dict[Hashable, _Group] = {}
    for node in graph.nodes:
        depth[node] = max((depth[n] + (n in candidates) for n in graph.network.predecessors(node)), default=0)
        kind = kind_of(node)
        if kind is not None:
            candidates.add(node)
            by_kind.setdefault((kind, depth[node], apart.get(node)), _Group([])).members.append(node)
    shared = [group for group in by_kind.values() if len(group.members) > 1]
    return {node: group for group in shared for node in group.members}


def _rows_of_merged(build: GraphBuilder, group: _Group, node: Node, call: Call) -> Node:
    if group.merged is None or group.starts is None:
        group.merged, group.starts = call(build, group.members), {}
        end = Dim.of(0)
        for member in group.members:
            group.starts[member] = end
            end = end + rows_of(tensor(member))
    start = group.starts[node]
    return take_rows(build, node, group.merged, start, start + rows_of(tensor(node)))
