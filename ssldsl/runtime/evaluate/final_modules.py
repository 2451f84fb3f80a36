"""The networks of a run as a stage left them."""

from pathlib import Path

from torch import nn

from ssldsl.ops.library import Library
from ssldsl.runtime.device.precision import dtype_of
from ssldsl.runtime.evaluate.final_evaluator import Shapes, stage_of
from ssldsl.runtime.folder.run_folder import read_plan
from ssldsl.runtime.folder.stage_end import final_weights
from ssldsl.runtime.nets.build import build_modules
from ssldsl.runtime.smoke.data import data_of


def final_modules(
    folder: Path, library: Library, *, stage: str = "", average: bool = True, spec_folder: Path = Path()
) -> nn.ModuleDict:
    """All modules of a run with the weights that a stage ended with, in evaluation mode, on the CPU.

    stage: by default the last. average: averaged weights where the stage keeps an average. spec_folder: where names of
    files in the spec start. Raises R304 for an unknown stage, R413 for one that has not ended.
    """
    plan = read_plan(folder)
    last = stage_of(plan, folder, stage)
    datasets = data_of(plan, library, spec_folder)
    modules = build_modules(plan, Shapes(plan, datasets), library, spec_folder)
    modules.to(dtype_of(last.precision))
    modules.load_state_dict(final_weights(folder, last.name, average=average))
    return modules.eval()
