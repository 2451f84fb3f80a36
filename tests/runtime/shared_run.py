"""A run by every process that a launcher starts: `shared_run.py FOLDER`, each plan in a folder below."""

import sys
from pathlib import Path

from memory_specs import DAINO, PAWS, SUAVE, plan_of
from training_plans import LIBRARY, experiment, gentle, two_stages, with_stage, without_vat

from ssldsl.graph.plan import OpPlan, Plan
from ssldsl.runtime.run import Options, run

AVERAGE = {"average": OpPlan(op="polyak", settings={"half_life": 2.0})}


def partly_used(plan: Plan) -> Plan:
    """A plan whose loss does not reach everything that is trained."""
    return with_stage(plan, terms=plan.stages[0].terms[:1])


PLANS = {
    "group": gentle(experiment(steps=2, clip=0.5, accumulate=2, **AVERAGE)),
    "long": gentle(without_vat(experiment(steps=9, clip=0.5, accumulate=2, **AVERAGE))),
    "batch": gentle(experiment(steps=1, norm="batch")),
    "long batch": gentle(without_vat(experiment(steps=9, norm="batch"))),
    "local": gentle(experiment(steps=1, norm="batch", statistics="local")),
    "stages": gentle(without_vat(two_stages(steps=3))),
    "partly": gentle(partly_used(experiment(steps=5))),
    "suave": gentle(plan_of(SUAVE, steps=6, length=48), lr=0.02),  # the queues are in use from the fourth step on
    "daino": plan_of(DAINO, steps=6, accumulate=2),
    "paws": plan_of(PAWS, steps=4),
}

if __name__ == "__main__":
    for name, plan in PLANS.items():
        run(plan, Path(sys.argv[1]) / name, LIBRARY, Options(is_progress_shown=False))
