"""The networks of a run as a stage left them."""

from pathlib import Path

from torch import nn

from ssldsl.errors import Diagnostic, SpecError, did_you_mean
from ssldsl.graph.stages import in_order
from ssldsl.runtime.data.datasets import Datasets
from ssldsl.runtime.device.precision import dtype_of
from ssldsl.runtime.evaluate.per_sample import Shapes
from ssldsl.runtime.folder.run_folder import read_plan
from ssldsl.runtime.folder.stage_end import final_weights
from ssldsl.runtime.nets.modules import build_modules
from ssldsl.runtime.ops.load import Library
from ssldsl.runtime.smoke.generated import GeneratedData
from ssldsl.runtime.smoke.plan import is_smoke


def final_modules(
    folder: Path, library: Library, *, stage: str = "", average: bool = True, spec_folder: Path = Path()
) -> nn.ModuleDict:
    """All modules of a run with the weights that a stage ended with, in evaluation mode, on the CPU.

    stage: by default the last. average: averaged weights where the stage keeps an average. spec_folder: where names of
    files in the spec start. Raises R304 for an unknown stage, R413 for one that has not ended.
    """
    plan = read_plan(folder)
    stages = {found.name: found for found in in_order(plan)}
    if stage and stage not in stages:
        help_ = did_you_mean(stage, list(stages)) or f"its stages are: {', '.join(stages)}"
        raise SpecError(Diagnostic("R304", f"the run in {folder} has no stage `{stage}`", help=help_))
    last = stages[stage or list(stages)[-1]]
    datasets = GeneratedData() if is_smoke(plan) else Datasets(library, spec_folder)
    modules = build_modules(plan, Shapes(plan, datasets), library, spec_folder)
    modules.to(dtype_of(last.precision))
    modules.load_state_dict(final_weights(folder, last.name, average=average))
    return modules.eval()
