"""Under which names the evaluations of a stage are recorded."""

from ssldsl.graph.plan import EvaluationPlan, StagePlan
from ssldsl.graph.plan_types import TuplePlan, is_of_kind


def result_names(stage: StagePlan) -> dict[str, EvaluationPlan]:
    """The evaluations of a stage that are recorded, by name: one of several numbers is `name.field` for each."""
    types = {node.id: node.type for node in stage.nodes}
    found: dict[str, EvaluationPlan] = {}
    for evaluation in stage.evaluations:
        type_ = types[evaluation.node]
        if is_of_kind(type_, "Points"):  # a picture
            continue
        names = [f"{evaluation.name}.{field}" for field in type_.fields] if isinstance(type_, TuplePlan) else []
        found |= dict.fromkeys(names or [evaluation.name], evaluation)
    return found
