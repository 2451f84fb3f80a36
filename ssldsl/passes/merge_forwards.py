"""Runs each network once for all batches that reach it at the same depth."""

from collections.abc import Callable, Iterable

from attrs import define, frozen

from ssldsl.graph.graph import Builder, Graph, rewrite
from ssldsl.ir.nodes import Node
from ssldsl.ir.shapes import rows_of, with_rows
from ssldsl.passes.context import Context, couples_batch
from ssldsl.passes.gradients import nodes_with_gradient
from ssldsl.passes.slicing import again, grad_modules_of, join_rows, take_rows, tensor
from ssldsl.types import Dim, TensorType


def forward_policy(graph: Graph, context: Context) -> Graph:
    """Under `forward = concat`, networks that couple the rows of a batch see all their batches as one.

    That is what the experiment says and no optimization: the statistics of a batch are those of all rows together.
    Forwards become one whose inputs have the same shape and the same depth, counted in such forwards.
    """
    if graph.forward != "concat":
        return graph
    return _merge(graph, lambda node: couples_batch(node.inputs[0]), lambda node: None)


def merge_forwards(graph: Graph, context: Context) -> Graph:
    """Networks that keep the rows of a batch apart run once for all inputs of one shape: the values are the same.

    `f(a)`, `f(b)` become rows of `f(concat(a, b))`. Forwards that nothing differentiates through stay apart from those
    that are recorded, or their rows would be differentiated for nothing. Networks that an op calls are left to it.
    A network that drops units does so for every row by itself: other numbers come out, and equally likely ones.
    """
    recorded = nodes_with_gradient(graph)

    def may_merge(node: Node) -> bool:
        return not couples_batch(node.inputs[0]) and not context.draws_by_sample(node.inputs[0])

    return _merge(graph, may_merge, lambda node: node in recorded)


@frozen
class _Kind:
    """What forwards must have in common to run as one."""

    net: Node
    inputs: tuple[TensorType, ...]
    params: tuple[str, ...]
    depth: int
    mark: object


@define
class _Group:
    """Forwards that become one, and once it is built: that one, and the first row of each."""

    members: list[Node]
    merged: Node | None = None
    starts: dict[Node, Dim] | None = None


def _merge(graph: Graph, may_merge: Callable[[Node], bool], mark: Callable[[Node], object]) -> Graph:
    groups = _groups(graph, may_merge, mark)
    plain_needs = graph.network.predecessors

    def needs_of(node: Node) -> Iterable[Node]:
        group = groups.get(node)
        if group is None:
            return plain_needs(node)
        if node is not group.members[0]:
            return (*plain_needs(node), group.members[0])
        return tuple(value for member in group.members for value in plain_needs(member))

    def rule(node: Node, inputs: tuple[Node, ...], build: Builder) -> Node:
        group = groups.get(node)
        if group is not None:
            return _rows_of_merged(build, group, node)
        return again(build, node, inputs)

    return rewrite(graph, rule, needs_of) if groups else graph


def _groups(graph: Graph, may_merge: Callable[[Node], bool], mark: Callable[[Node], object]) -> dict[Node, _Group]:
    """The group of every forward that shares one.

    Depth counts the candidates on the longest way to a node. It never falls along an edge and rises behind a candidate,
    so candidates of one depth do not need one another, and merging all groups at once cannot close a circle.
    """
    depth: dict[Node, int] = {}
    candidates: set[Node] = set()
    by_kind: dict[_Kind, _Group] = {}
    for node in graph.nodes:
        depth[node] = max((depth[n] + (n in candidates) for n in graph.network.predecessors(node)), default=0)
        if node.op == "apply" and node in graph.trained_nodes and _is_of_batch(node) and may_merge(node):
            candidates.add(node)
            net, *values = node.inputs
            shapes = tuple(with_rows(tensor(value), Dim.of(0)) for value in values)
            kind = _Kind(net, shapes, node.params, depth[node], mark(node))
            by_kind.setdefault(kind, _Group([])).members.append(node)
    shared = [group for group in by_kind.values() if len(group.members) > 1]
    return {node: group for group in shared for node in group.members}


def _is_of_batch(forward: Node) -> bool:
    """Whether a forward is over rows of which a process has its share: only those are cut out of what all share."""
    return all(tensor(value).is_of_batch for value in forward.inputs[1:])


def _rows_of_merged(build: Builder, group: _Group, node: Node) -> Node:
    if group.merged is None or group.starts is None:
        group.merged, group.starts = _forward(build, group.members)
    start = group.starts[node]
    return take_rows(build, node, group.merged, start, start + rows_of(tensor(node)))


def _forward(build: Builder, members: list[Node]) -> tuple[Node, dict[Node, Dim]]:
    """One forward over the rows of all, and where those of each begin."""
    first = members[0]
    net = build.became[first.inputs[0]]
    columns = zip(*(node.inputs[1:] for node in members), strict=True)
    values = [join_rows(build, first, [build.became[value] for value in column]) for column in columns]
    starts: dict[Node, Dim] = {}
    end = Dim.of(0)
    for node in members:
        starts[node] = end
        end = end + rows_of(tensor(node))
    type_ = with_rows(tensor(first), end)
    grad_modules = grad_modules_of([net, *values]) if first.grad_modules else first.grad_modules
    return build.like(first, (net, *values), type=type_, grad_modules=grad_modules, alias=""), starts
