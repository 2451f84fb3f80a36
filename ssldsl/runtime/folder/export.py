"""The final weights of a run, one file per module, for use without ssldsl."""

from pathlib import Path

from safetensors.torch import save
from torch import Tensor

from ssldsl.graph.plan import Plan
from ssldsl.graph.stages import in_order
from ssldsl.runtime.folder.checkpoint import write_whole
from ssldsl.runtime.folder.run_folder import read_plan
from ssldsl.runtime.folder.stage_end import final_weights
from ssldsl.runtime.nets.modules import module_key


def export(run: Path, output: Path, *, stage: str = "", average: bool = True) -> list[Path]:
    """Write `<module>.safetensors` for every module of a run that has ended, named as in the module's own `state_dict`.

    stage: whose end; by default the last one's. average: averaged weights where the stage keeps an average.
    """
    plan = read_plan(run)
    weights = final_weights(run, stage or in_order(plan)[-1].name, average=average)
    output.mkdir(parents=True, exist_ok=True)
    return [_write(output / f"{path}.safetensors", tensors) for path, tensors in _by_module(plan, weights).items()]


def _by_module(plan: Plan, weights: dict[str, Tensor]) -> dict[str, dict[str, Tensor]]:
    prefixes = {module.path: f"{module_key(module.path)}." for module in plan.modules}
    return {
        path: {name.removeprefix(prefix): tensor for name, tensor in weights.items() if name.startswith(prefix)}
        for path, prefix in prefixes.items()
    }


def _write(file: Path, tensors: dict[str, Tensor]) -> Path:
    write_whole(file, save(tensors))
    return file
