"""What a person says of how a run is carried out."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from attrs import field, frozen

from ssldsl.graph.plan import Plan
from ssldsl.runtime.lock import Difference


@frozen
class Options:
    """How a run is carried out; none of it changes what comes out.

    texts: files for the run folder, such as `spec.ssl` and `resolved.ssl`. identity: hash of the experiment's meaning.
    difference: says what differs from the experiment in the folder, when a resume is refused.
    folder: where relative names in the spec start. workers: processes that read files, by default one for every core.
    checkpoint_every: steps; else as often as costs little.
    stop_after: optimizer steps after which the run stops as if somebody had asked for it.
    keeps_state: stages that ended keep what only training needs, such as the moments of their optimizers.
    """

    texts: Mapping[str, str] = field(factory=dict)
    identity: str = ""
    difference: Difference | None = None
    folder: Path = Path()
    is_progress_shown: bool = True
    trackers: Sequence[str] = ()
    workers: int | None = None
    checkpoint_every: int | None = None
    stop_after: int | None = None
    keeps_state: bool = False


def overridden(
    plan: Plan, *, seed: int | None = None, precision: str | None = None, compile: bool | None = None
) -> Plan:
    """The plan with another seed, and with precision or compilation the same in every stage."""
    changes = {name: value for name, value in (("precision", precision), ("compile", compile)) if value is not None}
    stages = [{**stage.model_dump(), **changes} for stage in plan.stages]
    return Plan.model_validate({**plan.model_dump(), "seed": plan.seed if seed is None else seed, "stages": stages})
