"""The dataflow graph of one stage as networkx has it, and how a pass rebuilds one.

A graph is a value: a pass gives a new one. Its nodes stand in an order that can be run, which follows the spec.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property
from itertools import pairwise
from typing import Literal

import networkx as nx
from attrs import evolve, field, frozen

from ssldsl.errors import InternalError
from ssldsl.graph.updates import computed_in, in_order_of_updates
from ssldsl.ir.nodes import Interner, Node, Setting, step_inputs
from ssldsl.ir.program import Evaluation, Program, Stage, Term, WatchedNumber
from ssldsl.ir.walk import walk
from ssldsl.source import Span
from ssldsl.types import Type

Placement = Literal["data", "host", "step", "evaluation"]


@frozen(slots=False, eq=False)
class Graph:
    """The nodes of one stage and what it wants of them.

    nodes: every node after all that it needs.
    effects: for each network whose forward moves statistics, the nodes that call it, in the order they must run.
    updates: what each update of a step trains, where it makes several, one after another.
    no_grad: nodes whose value needs no gradient. places: where a node is computed. Passes fill both.
    notes: what a pass did that the author of the spec should know.
    """

    stage: str
    forward: str
    train: tuple[str, ...]
    nodes: tuple[Node, ...]
    terms: tuple[Term, ...]
    watches: tuple[WatchedNumber, ...] = ()
    evaluations: tuple[Evaluation, ...] = ()
    effects: tuple[tuple[Node, ...], ...] = ()
    no_grad: frozenset[Node] = frozenset()
    places: Mapping[Node, Placement] = field(factory=dict)
    notes: tuple[str, ...] = ()
    updates: tuple[tuple[str, ...], ...] = ()

    @property
    def roots(self) -> tuple[Node, ...]:
        """What the stage reads: its terms, then what it watches, then its evaluations."""
        return (*self._step_roots, *(e.node for e in self.evaluations))

    @property
    def _step_roots(self) -> tuple[Node, ...]:
        return (*(t.node for t in self.terms), *(w.node for w in self.watches))

    @cached_property
    def network(self) -> "nx.MultiDiGraph[Node]":
        """The nodes, with an edge to each from all that must be there before it, whose `kind` says why."""
        network: nx.MultiDiGraph[Node] = nx.MultiDiGraph(stage=self.stage)
        network.add_nodes_from(self.nodes)
        network.add_edges_from((before, node, {"kind": kind}) for before, node, kind in self.edges)
        return network

    @cached_property
    def edges(self) -> tuple[tuple[Node, Node, str], ...]:
        """What must be there before what, and why.

        A node needs its `input`s, the `rows` of a random one, and runs after the node that moves the same statistics
        before it (`effect`); a data set has an `origin`, what it was computed of before any step.
        """
        found = [(before, node, "effect") for chain in self.effects for before, node in pairwise(chain)]
        for node in self.nodes:
            own = step_inputs(node)
            found += [(value, node, "input" if value in own else "origin") for value in node.inputs]
            if node.rows is not None:
                found.append((node.rows, node, "rows"))
        return tuple(found)

    @cached_property
    def computed_in(self) -> Mapping[Node, int]:
        """The update in which each value of a step is computed; nothing where a step makes a single one."""
        return computed_in(self.terms, self.watches, self.updates) if self.updates else {}

    @cached_property
    def trained_nodes(self) -> frozenset[Node]:
        """The nodes that the loss is computed of."""
        return ancestors(self.only("input", "rows"), (term.node for term in self.terms))

    @cached_property
    def step_nodes(self) -> frozenset[Node]:
        """The nodes that a step computes: those of the loss, and those that are only watched."""
        return ancestors(self.only("input", "rows"), self._step_roots) if self.watches else self.trained_nodes

    def only(self, *kinds: str) -> "nx.DiGraph[Node]":
        """The nodes, with the edges of some kinds."""
        network: nx.DiGraph[Node] = nx.DiGraph()
        network.add_nodes_from(self.nodes)
        network.add_edges_from((before, node) for before, node, kind in self.edges if kind in kinds)
        return network


def needs(node: Node) -> tuple[Node, ...]:
    """What must exist before the node: its inputs, and the rows of a random one."""
    return node.inputs if node.rows is None else (*node.inputs, node.rows)


def ancestors(network: "nx.DiGraph[Node]", roots: Iterable[Node]) -> frozenset[Node]:
    """The roots, and all that a way through the network leads from to one of them."""
    return frozenset(walk(roots, lambda node: tuple(network.predecessors(node))))


def in_order(nodes: Sequence[Node], needs_of: Callable[[Node], Iterable[Node]]) -> tuple[Node, ...]:
    """The nodes, each behind what it needs of them, in the order in which they are first needed.

    So a value stands right before its first use, and terms follow the spec. Raises `InternalError` on a circle.
    """
    backwards: nx.DiGraph[Node] = nx.DiGraph()
    backwards.add_nodes_from(nodes)
    backwards.add_edges_from((node, value) for node in nodes for value in needs_of(node))
    if not nx.is_directed_acyclic_graph(backwards):
        raise InternalError(f"the graph has a circle: {nx.find_cycle(backwards)}")
    return tuple(nx.dfs_postorder_nodes(backwards))


def stage_graph(program: Program, stage: Stage) -> Graph:
    """The graph of a stage as the spec says it: nothing is merged or left out. Only random nodes have rows."""
    updates = () if stage.turns is not None else tuple(update.train for update in stage.updates)
    graph = Graph(stage.name, stage.forward, stage.train, (), stage.terms, stage.watches, stage.evaluations)
    whole = evolve(graph, nodes=tuple(walk(graph.roots, needs)), updates=updates)

    def without_rows(node: Node, inputs: tuple[Node, ...], build: GraphBuilder) -> Node:
        return build.like(node, inputs, rows="same" if node.draw else None, spans=stage.spans_of(node))

    graph = rewrite(whole, without_rows)
    return evolve(graph, nodes=in_order_of_updates(walk(graph.roots, needs), graph.computed_in))


class GraphBuilder:
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
        grad_modules: frozenset[str] | None = None,
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
            grad_modules=node.grad_modules if grad_modules is None else grad_modules,
            draw=node.draw if same else "",
            rows=rows,
            spans=node.spans if spans is None else spans,
            alias=node.alias if alias is None else alias,
        )
        if made.id == len(self.nodes):
            self.nodes.append(made)
        return made


# What a node becomes: given the old node, its new inputs, and the builder.
Rule = Callable[[Node, tuple[Node, ...], GraphBuilder], Node]


def rewrite(graph: Graph, rule: Rule, needs_of: Callable[[Node], Iterable[Node]] | None = None) -> Graph:
    """The graph with every node rebuilt by the rule, inputs first.

    needs_of: which old nodes must be rebuilt before a node, where that is not what it needs anyway.
    """
    build = GraphBuilder()
    for node in graph.nodes if needs_of is None else in_order(graph.nodes, needs_of):
        inputs = tuple(build.became[n] for n in node.inputs if n in build.became)
        build.became[node] = rule(node, inputs, build)
    became = build.became
    return evolve(
        graph,
        nodes=tuple(build.nodes),
        terms=tuple(evolve(t, node=became[t.node]) for t in graph.terms),
        watches=tuple(evolve(w, node=became[w.node]) for w in graph.watches),
        evaluations=tuple(evolve(e, node=became[e.node]) for e in graph.evaluations),
        effects=tuple(tuple(dict.fromkeys(became[n] for n in chain)) for chain in graph.effects),
        no_grad=frozenset(became[n] for n in graph.no_grad),
        places={became[n]: place for n, place in graph.places.items()},
    )
