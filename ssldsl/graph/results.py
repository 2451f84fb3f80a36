"""What the evaluations of a stage give: pictures, or numbers under the names that they are recorded by."""

from ssldsl.graph.plan import EvaluationPlan, StagePlan
from ssldsl.graph.plan_types import TuplePlan, is_of_kind

KEPT = "@best"  # behind the name of an evaluation of the checkpoint that is kept


def is_picture(evaluation: EvaluationPlan, stage: StagePlan) -> bool:
    """Whether an evaluation gives points to be looked at, once at the end of the stage, and no number."""
    return any(node.id == evaluation.node and is_of_kind(node.type, "Points") for node in stage.nodes)


def result_names(stage: StagePlan) -> dict[str, EvaluationPlan]:
    """The evaluations of a stage that are recorded, by name: one of several numbers is `name.field` for each.

    Of a stage that keeps the best checkpoint each comes once more, of that one: `name@best`.
    """
    types = {node.id: node.type for node in stage.nodes}
    found: dict[str, EvaluationPlan] = {}
    for evaluation in stage.evaluations:
        type_ = types[evaluation.node]
        if is_of_kind(type_, "Points"):  # a picture
            continue
        for name in (evaluation.name, *([f"{evaluation.name}{KEPT}"] if stage.keep is not None else [])):
            names = [f"{name}.{field}" for field in type_.fields] if isinstance(type_, TuplePlan) else []
            found |= dict.fromkeys(names or [name], evaluation)
    return found
