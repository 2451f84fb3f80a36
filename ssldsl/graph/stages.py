"""The graph of the stages of an experiment, as networkx has it, and the order in which they run."""

import networkx as nx

from ssldsl.errors import InternalError
from ssldsl.graph.plan import Plan, StagePlan
from ssldsl.ir.primitives import OF_STAGES


def stages_graph(plan: Plan) -> "nx.MultiDiGraph[str]":
    """The stages by name, with an edge of kind `after`, `init` or `data` from each that must have ended before."""
    network: nx.MultiDiGraph[str] = nx.MultiDiGraph(name=plan.name)
    network.add_nodes_from(stage.name for stage in plan.stages)
    for stage in plan.stages:
        network.add_edges_from((earlier, stage.name, {"kind": "after"}) for earlier in stage.after)
        for origin in stage.init:
            if origin.stage and not origin.run:
                network.add_edge(origin.stage, stage.name, kind="init", modules=origin.modules)
        named = (node.settings.get("stage") for node in stage.nodes if node.op in OF_STAGES)
        for earlier in dict.fromkeys(str(name) for name in named if name is not None):
            network.add_edge(earlier, stage.name, kind="data")
    return network


def in_order(plan: Plan) -> tuple[StagePlan, ...]:
    """The stages, each behind those it needs; otherwise as they are written."""
    stages = {stage.name: stage for stage in plan.stages}
    written = {name: number for number, name in enumerate(stages)}
    try:
        return tuple(stages[name] for name in nx.lexicographical_topological_sort(stages_graph(plan), written.get))
    except nx.NetworkXUnfeasible as error:
        raise InternalError(f"the stages {list(stages)} wait for one another") from error
