"""The passes: small functions from graph to graph, run in one fixed order, the graph verified after each."""

from collections.abc import Callable
from time import perf_counter

from attrs import frozen

from ssldsl.graph.graph import Graph
from ssldsl.graph.verify import verify
from ssldsl.passes.clock import clock
from ssldsl.passes.context import Clock, PassContext
from ssldsl.passes.counting import forward_rows, forwards
from ssldsl.passes.drop_identities import drop_identities
from ssldsl.passes.effects import effects
from ssldsl.passes.fold import fold
from ssldsl.passes.gather import gather
from ssldsl.passes.join_views import join_views
from ssldsl.passes.merge_forwards import forward_policy, merge_forwards
from ssldsl.passes.no_grad import no_grad
from ssldsl.passes.placement import placement
from ssldsl.passes.prune import prune
from ssldsl.passes.share_rows import share_rows

__all__ = ["PASSES", "Clock", "Pass", "PassContext", "forward_rows", "forwards", "run_passes"]


@frozen
class Pass:
    """One pass. `level`: 0 if execution needs it, 1 if it only saves work. `reason`: why it stands where it stands."""

    name: str
    run: Callable[[Graph, PassContext], Graph]
    level: int
    reason: str


PASSES = (
    Pass("clock", clock, 0, "first: whatever is said of time is then said in steps, and constants can be compared"),
    Pass("forward_policy", forward_policy, 0, "part of what the spec means, so before anything is optimized"),
    Pass("effects", effects, 0, "after the policy has made forwards one, before any pass could change their order"),
    Pass("fold", fold, 1, "may drop whole terms, so before their forwards are merged with others"),
    Pass("drop_identities", drop_identities, 1, "once settings are constants; what it makes equal can then share rows"),
    Pass("share_rows", share_rows, 1, "before merging, which would compute the rows twice in one forward"),
    Pass("prune", prune, 1, "merging must not merge what folding and sharing have left unread"),
    Pass("join_views", join_views, 1, "on views that are needed; their joined rows are what merged forwards read"),
    Pass("merge_forwards", merge_forwards, 1, "when exactly the forwards that are needed are left"),
    Pass("gather", gather, 0, "after merging: slices are rows of one process, and gathered rows are not"),
    Pass("prune", prune, 0, "the last pass that changes nodes is over; what follows only marks them"),
    Pass("no_grad", no_grad, 0, "marks nodes, so after all that makes them"),
    Pass("placement", placement, 0, "marks nodes, so after all that makes them"),
)


def run_passes(
    graph: Graph,
    context: PassContext,
    *,
    level: int = 1,
    dump: Callable[[str, Graph], None] | None = None,
    timings: dict[str, float] | None = None,
) -> Graph:
    """The graph after all passes up to a level, each followed by the verifier.

    dump: called with `lowering` and the graph as it comes, then with the name of every pass and what it gave.
    timings: seconds spent in each pass, verifying included under `verify`, are added to it.
    """
    spent: dict[str, float] = {} if timings is None else timings
    _verified(graph, context, "lowering", spent)
    if dump is not None:
        dump("lowering", graph)
    for step in PASSES:
        if step.level > level:
            continue
        start = perf_counter()
        graph = step.run(graph, context)
        spent[step.name] = spent.get(step.name, 0.0) + perf_counter() - start
        _verified(graph, context, step.name, spent)
        if dump is not None:
            dump(step.name, graph)
    return graph


def _verified(graph: Graph, context: PassContext, name: str, spent: dict[str, float]) -> None:
    start = perf_counter()
    verify(graph, context.signatures, name)
    spent["verify"] = spent.get("verify", 0.0) + perf_counter() - start
