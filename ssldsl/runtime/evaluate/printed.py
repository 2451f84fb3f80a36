"""All that a stage runs, as the text of its generated code."""

from collections.abc import Collection, Iterator, Sequence

from ssldsl.graph.plan import EvaluationPlan, Plan, StagePlan
from ssldsl.graph.results import is_picture
from ssldsl.ops.library import Library
from ssldsl.runtime.data.datasets import data_inputs, source_of
from ssldsl.runtime.data.derived import derived_nodes
from ssldsl.runtime.evaluate.lower import lower_measures
from ssldsl.runtime.step.lower import lower


def stage_code(plan: Plan, stage: StagePlan, library: Library, resident: Collection[str]) -> Iterator[str]:
    """What the stage's own data are computed from, its step, its metrics, its pictures.

    resident: the data ops whose samples lie in memory.
    """
    nodes = {node.id: node for node in stage.nodes}

    def in_files(data: str) -> bool:
        return source_of(nodes, data).settings["op"] not in resident

    def measures(evaluations: Sequence[EvaluationPlan], ids: Sequence[str] = ()) -> str:
        return lower_measures(plan, stage, library, evaluations, ids, in_files=in_files).source

    for node in derived_nodes(stage, library):
        yield measures((), [id_ for id_ in node.inputs if id_ not in data_inputs(node, library)])
    yield lower(plan, stage, library).source
    pictures = [e for e in stage.evaluations if is_picture(e, stage)]
    metrics = [e for e in stage.evaluations if e not in pictures]
    yield from (measures(evaluations) for evaluations in ([metrics] if metrics else []))
    yield from (measures([picture]) for picture in pictures)
