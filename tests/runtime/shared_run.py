"""Plans for every process of a run that several share."""

from pathlib import Path

import derived_specs
from experiments import BATCH_NORM, LIBRARY, experiment, of_many_data, two_stages, with_stage
from memory_specs import DAINO, PAWS, SUAVE, SUPERCM, THRESHOLDS, plan_of

from ssldsl.graph.plan import OpPlan, Plan
from ssldsl.runtime.run import Options, overridden, run

GENTLE = "optimizer=sgd(lr=0.1, momentum=0.9)"  # at such rates rounding does not grow
# nor without VAT: where a direction is sought, its second derivatives jump at the kinks of the network
SMOOTH = "ce(labeled) + 0.7*rotation(all)"
PARTS = ("clip=0.5", "accumulate=2", "average=polyak(half_life=2it)")


def partly_used(plan: Plan) -> Plan:
    """A plan whose loss does not reach everything that is trained."""
    return with_stage(plan, terms=plan.stages[0].terms[:1])


def gentle(plan: Plan, lr: float) -> Plan:
    optimizer = OpPlan(op="sgd", settings={"lr": lr, "momentum": 0.9})
    return with_stage(plan, optimizer=optimizer)


UNEVEN = """\
let few = images.test.subset(7, seed=0)
eval top1(few)
eval confusion_matrix(few) as confused
eval knn(few, images.train.subset(101, seed=0), k=5) as knn
eval linear_probe(few, images.train.subset(101, seed=0)) as probe
"""

PLANS = {
    "group": experiment("run=2it", GENTLE, *PARTS),
    "long": experiment("run=9it", GENTLE, *PARTS, loss=SMOOTH),
    "batch": experiment("run=1it", GENTLE, *BATCH_NORM),
    "long batch": experiment("run=9it", GENTLE, *BATCH_NORM, loss=SMOOTH),
    "local": experiment("run=1it", GENTLE, *BATCH_NORM, "statistics=local"),
    "stages": overridden(two_stages(f"main.{GENTLE}", f"second.{GENTLE}", steps=3), precision="fp64"),
    "partly": partly_used(experiment("run=5it", GENTLE)),
    "data": of_many_data(),
    "suave": gentle(plan_of(SUAVE, steps=6, length=48), lr=0.02),  # the queues are in use from the fourth step on
    "daino": plan_of(DAINO, steps=6, accumulate=2),
    "paws": plan_of(PAWS, steps=4),
    "supercm": plan_of(SUPERCM, steps=6),
    "thresholds": plan_of(THRESHOLDS, steps=6),
    "uneven": experiment("run=2it", "precision=fp64", loss=SMOOTH, metrics=UNEVEN),
    "clusters": derived_specs.plan_of(derived_specs.CLUSTERS),
}


def run_all(folder: Path) -> None:
    """Each plan in a folder below."""
    for name, plan in PLANS.items():
        run(plan, folder / name, LIBRARY, Options(is_progress_shown=False, keeps_state=True))
