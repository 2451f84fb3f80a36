"""The data that a plan is carried out on."""

from pathlib import Path

from ssldsl.graph.plan import Plan
from ssldsl.ops.library import Library
from ssldsl.runtime.data.datasets import Datasets
from ssldsl.runtime.data.derived import SampleSource
from ssldsl.runtime.smoke.generated import GeneratedData
from ssldsl.runtime.smoke.plan import is_smoke


def data_of(plan: Plan, library: Library, folder: Path) -> SampleSource:
    """Made-up data for a smoke run, else the data sets that the plan names. `folder`: of the spec."""
    return GeneratedData() if is_smoke(plan) else Datasets(library, folder)
