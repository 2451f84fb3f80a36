"""The dataflow graph of one stage, the graph of all stages, and how a pass rebuilds one.

A graph is a value: a pass gives a new one. Its nodes stand in an order that can be run, which follows the spec.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property
from itertools import pairwise
from typing import Literal

import networkx as nx
from attrs import evolve, field, frozen

from ssldsl.errors import InternalError
from ssldsl.ir.nodes import Interner, Node, Setting, step_inputs
from ssldsl.ir.program import Evaluation, Program, Stage, Term
from ssldsl.ir.walk import origins
from ssldsl.source import Span
from ssldsl.types import Type

Placement = Literal["data", "host", "step", "evaluation"]


@frozen(slots=False, eq=False)
class Graph:
    """The nodes of one stage and what it wants of them.

    nodes: every node after all that it needs.
    effects: for each network whose forward moves statistics, the nodes that call it, in the order they must run.
    no_grad: nodes whose value needs no gradient. places: where a node is computed. Passes fill both.
    notes: what a pass did that the author of the spec should know.
    """

    stage: str
    forward: str
    train: tuple[str, ...]
    nodes: tuple[Node, ...]
    terms: tuple[Term, ...]
    evaluations: tuple[Evaluation, ...] = ()
    effects: tuple[tuple[Node, ...], ...] = ()
    no_grad: frozenset[Node] = frozenset()
    places: Mapping[Node, Placement] = field(factory=dict)
    notes: tuple[str, ...] = ()

    @property
    def roots(self) -> tuple[Node, ...]:
        """What the stage reads: its terms, then its evaluations."""
        return tuple(t.node for t in self.terms) + tuple(e.node for e in self.evaluations)

    @cached_property
    def trained_nodes(self) -> frozenset[Node]:
        """The nodes that the training step computes (evaluations have others)."""
        return frozenset(ordered([t.node for t in self.terms], step_needs))

    @cached_property
    def network(self) -> "nx.MultiDiGraph[Node]":
        """The same for networkx. Edges have a `kind`, `input`, `rows` or `effect`, and inputs the `param` they fill."""
        network: nx.MultiDiGraph[Node] = nx.MultiDiGraph(stage=self.stage)
        network.add_nodes_from(self.nodes)
        for node in self.nodes:
            for position, value in enumerate(node.inputs):
                param = node.params[position] if node.params else ""
                network.add_edge(value, node, kind="input", position=position, param=param)
            if node.rows is not None:
                network.add_edge(node.rows, node, kind="rows")
        for chain in self.effects:
            for earlier, later in pairwise(chain):
                network.add_edge(earlier, later, kind="effect")
        return network


def needs(node: Node) -> tuple[Node, ...]:
    """What must exist before the node: its inputs, and the rows of a random one."""
    return node.inputs if node.rows is None else (*node.inputs, node.rows)


def step_needs(node: Node) -> tuple[Node, ...]:
    """What the training step needs of that: not what its data were computed from."""
    return step_inputs(node) if node.rows is None else (*step_inputs(node), node.rows)


def needs_with_effects(graph: Graph) -> Callable[[Node], tuple[Node, ...]]:
    """`needs`, and before that, of the nodes that move the same statistics, the one before."""
    before: dict[Node, list[Node]] = {}
    for chain in graph.effects:
        for earlier, later in pairwise(chain):
            before.setdefault(later, []).append(earlier)
    return lambda node: (*before.get(node, ()), *needs(node))


def ordered(roots: Iterable[Node], needs_of: Callable[[Node], Sequence[Node]]) -> tuple[Node, ...]:
    """The roots and all they need, each node after what it needs, first needed first. No circles."""
    done: dict[Node, None] = {}
    for root in roots:
        stack = [(root, iter(needs_of(root)))] if root not in done else []
        open_nodes = {root}
        while stack:
            node, rest = stack[-1]
            following = next((n for n in rest if n not in done), None)
            if following is None:
                stack.pop()
                open_nodes.discard(node)
                done[node] = None
            elif following in open_nodes:
                raise InternalError(f"the graph has a circle through {following!r} and {node!r}")
            else:
                open_nodes.add(following)
                stack.append((following, iter(needs_of(following))))
    return tuple(done)


def stage_graph(program: Program, stage: Stage) -> Graph:
    """The graph of a stage as the spec says it: nothing is merged or left out. Only random nodes have rows."""
    graph = Graph(stage.name, stage.forward, stage.train, (), stage.terms, stage.evaluations)
    whole = evolve(graph, nodes=ordered(graph.roots, needs))

    def without_rows(node: Node, inputs: tuple[Node, ...], build: Builder) -> Node:
        return build.like(node, inputs, rows="same" if node.draw else None, spans=stage.spans_of(node))

    graph = rewrite(whole, without_rows)
    return evolve(graph, nodes=ordered(graph.roots, needs))


def stages_graph(program: Program) -> "nx.MultiDiGraph[str]":
    """The stages by name, with an edge of kind `after`, `init` or `data` from what comes first."""
    network: nx.MultiDiGraph[str] = nx.MultiDiGraph(name=program.name)
    network.add_nodes_from(stage.name for stage in program.stages)
    for stage in program.stages:
        network.add_edges_from((earlier, stage.name, {"kind": "after"}) for earlier in stage.after)
        for origin in stage.init:
            if origin.stage:
                network.add_edge(origin.stage, stage.name, kind="init", modules=origin.modules)
        for earlier, _ in origins([*(t.node for t in stage.terms), *(e.node for e in stage.evaluations)]):
            network.add_edge(earlier, stage.name, kind="data")
    return network


class Builder:
    """Makes the nodes of a rebuilt graph, and knows what every old node has become."""

    def __init__(self) -> None:
        self._interner = Interner()
        self.became: dict[Node, Node] = {}
        self.nodes: list[Node] = []

    def like(
        self,
        node: Node,
        inputs: tuple[Node, ...],
        *,
        op: str | None = None,
        params: tuple[str, ...] | None = None,
        settings: tuple[tuple[str, Setting], ...] | None = None,
        type: Type | None = None,
        live: frozenset[str] | None = None,
        alias: str | None = None,
        rows: Node | Literal["same"] | None = "same",
        spans: tuple[Span, ...] | None = None,
    ) -> Node:
        """A node made of `inputs`, as `node` is where nothing else is said. A new op has neither draw nor rows."""
        same = op is None or op == node.op
        if rows == "same":
            rows = self.became[node.rows] if same and node.rows is not None else None
        made = self._interner.node(
            node.op if op is None else op,
            inputs,
            type=node.type if type is None else type,
            params=node.params if params is None else params,
            settings=node.settings if settings is None else settings,
            live=node.live if live is None else live,
            draw=node.draw if same else "",
            rows=rows,
            spans=node.spans if spans is None else spans,
            alias=node.alias if alias is None else alias,
        )
        if made.id == len(self.nodes):
            self.nodes.append(made)
        return made


# What a node becomes: given the old node, its new inputs, and the builder.
Rule = Callable[[Node, tuple[Node, ...], Builder], Node]


def rewrite(graph: Graph, rule: Rule, needs_of: Callable[[Node], Sequence[Node]] | None = None) -> Graph:
    """The graph with every node rebuilt by the rule, inputs first.

    needs_of: which old nodes must be rebuilt before a node, where that is not what it needs anyway.
    """
    build = Builder()
    for node in ordered(graph.nodes, needs_of or needs_with_effects(graph)):
        inputs = tuple(build.became[n] for n in node.inputs if n in build.became)
        build.became[node] = rule(node, inputs, build)
    became = build.became
    return evolve(
        graph,
        nodes=tuple(build.nodes),
        terms=tuple(evolve(t, node=became[t.node]) for t in graph.terms),
        evaluations=tuple(evolve(e, node=became[e.node]) for e in graph.evaluations),
        effects=tuple(tuple(dict.fromkeys(became[n] for n in chain)) for chain in graph.effects),
        no_grad=frozenset(became[n] for n in graph.no_grad),
        places={became[n]: place for n, place in graph.places.items()},
    )
