"""Weights at the start of a stage: from another stage or its average, from a file, or afresh. No file is executed."""

import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from torch import Tensor, nn

from ssldsl.errors import Diagnostic, SpecError
from ssldsl.graph.plan import InitPlan, Plan, StagePlan
from ssldsl.ops.library import Library
from ssldsl.ops.weights import SHOWN, below, misfits, prefixes_of, some
from ssldsl.runtime.folder.stage_end import weights_of_run
from ssldsl.runtime.folder.weight_files import read_weights
from ssldsl.runtime.nets.build import ModuleBuilder
from ssldsl.runtime.nets.modules import find, module_and_part, module_key, part_of
from ssldsl.runtime.nets.shapes import Shape
from ssldsl.runtime.spans import span_of

State = Mapping[str, Tensor]
# Below these names training programs keep the network whose features count; a module's own name is tried first.
_NUMBERED = re.compile(r"(?P<prefix>(?:\D*\.)?)(?P<number>\d+)\.(?P<rest>.+)")
USUAL = ("module", "encoder", "backbone")


def initialize(
    plan: Plan,
    stage: StagePlan,
    modules: nn.ModuleDict,
    saved: Callable[[str, bool], State],
    *,
    fields: Mapping[str, Shape],
    library: Library,
    folder: Path = Path(),
) -> None:
    """Carry out the stage's `init`; modules that it does not name keep their weights.

    saved: (stage, whether its average) -> the weights it ended with, named as in `modules.state_dict()`.
    folder: where relative file names start.
    A moving average whose network gets new weights starts again as a copy of it.
    """
    fresh = ModuleBuilder(plan, fields, library, stage.name, folder)
    for init in stage.init:
        for path in init.modules:
            target = find(modules, path)
            if init.run or init.file:
                target.load_state_dict(_from_outside(init, path, modules, folder))
            elif init.stage:
                state = _named(saved(init.stage, init.average), modules, path)
                target.load_state_dict(_fitting(target, path, state, f"stage `{init.stage}`", init))
            else:
                module_path, rest = module_and_part(modules, path)
                target.load_state_dict(part_of(fresh.module(module_path), module_path, rest).state_dict())
    _restart_averages(plan, stage.init, modules)


def check_origins(plan: Plan, modules: nn.ModuleDict, folder: Path) -> None:
    """Refuse weights of files and of other runs that a stage, also a late one, could not begin with."""
    for stage in plan.stages:
        for init in stage.init:
            for path in init.modules if init.run or init.file else ():
                _from_outside(init, path, modules, folder)


def _from_outside(init: InitPlan, path: str, modules: nn.ModuleDict, folder: Path) -> State:
    """What a module takes over from another run or from a file."""
    target = find(modules, path)
    if init.run:
        state = _named(weights_of_run(folder, init), modules, path)
        return _fitting(target, path, state, f"the run `{init.run}`", init)
    return _from_file(folder / init.file, target, path, init)


def _restart_averages(plan: Plan, inits: tuple[InitPlan, ...], modules: nn.ModuleDict) -> None:
    named = {path for init in inits for path in init.modules}
    renewed = set(named)
    for module in plan.modules:
        source = module.average_of
        is_renewed = any(path == source or path.startswith(f"{source}.") for path in renewed)
        if source and is_renewed and module.path not in named:
            find(modules, module.path).load_state_dict(find(modules, source).state_dict())
            renewed.add(module.path)


def _named(state: State, modules: nn.ModuleDict, path: str) -> dict[str, Tensor]:
    """The part of all modules' weights that belongs to a path, named from there."""
    module_path, rest = module_and_part(modules, path)
    return below(state, f"{module_key(module_path)}{f'.{rest}' if rest else ''}.")


def _from_file(file: Path, target: nn.Module, path: str, init: InitPlan) -> State:
    """The file's tensors under the target's names: as they stand, below a prefix that is tried, or by their order.

    Where none of these has all of them, the only prefix that has is meant.
    """
    tensors, wanted = read_weights(file, init), target.state_dict()
    tried = () if init.prefix else (path, module_key(path), path.rpartition(".")[2], *USUAL)
    candidates = [tensors, *(below(tensors, f"{prefix}.") for prefix in tried), *_by_order(tensors, target)]
    found = max(candidates, key=lambda names: len(wanted.keys() & names.keys()))
    if reasons := misfits(found, wanted):
        prefixes = prefixes_of(tensors, wanted)
        below_one = below(tensors, prefixes[0]) if len(prefixes) == 1 else {}
        found = below_one or ({} if prefixes else _wrapped(tensors, wanted))
        if not found:
            raise _unfit(f"`{init.file}`", path, reasons, tensors, init, help=_choice(prefixes, init))
    return {name: found.get(name, tensor) for name, tensor in wanted.items()}


def _by_order(tensors: State, target: nn.Module) -> list[State]:
    """The tensors of `nn.Sequential(*network.children())`, whose numbers stand for the parts of the network, in order.

    lightly's examples save their networks so. Which number is which part follows from the order of those with tensors.
    """
    parts = [name for name, child in target.named_children() if child.state_dict()]
    numbered = [match for name in tensors if (match := _NUMBERED.fullmatch(name))]
    found: list[State] = []
    for prefix in dict.fromkeys(match["prefix"] for match in numbered):
        here = [match for match in numbered if match["prefix"] == prefix]
        numbers = sorted({int(match["number"]) for match in here})
        names = dict(zip(numbers, parts, strict=False))  # a classifier may be left over at the end
        found.append({f"{names[n]}.{m['rest']}": tensors[m[0]] for m in here if (n := int(m["number"])) in names})
    return found


def _wrapped(tensors: State, wanted: State) -> State:
    """The tensors for a module that does nothing but hold a network, as those around timm's and torchvision's do.

    All its names begin with one part, which the file of the network does not have. Nothing where that is not so.
    """
    parts = {name.partition(".")[0] for name in wanted}
    part = f"{next(iter(parts))}." if len(parts) == 1 else ""
    prefixes = prefixes_of(tensors, below(wanted, part)) if part else []
    return {f"{part}{name}": value for name, value in below(tensors, prefixes[0]).items()} if len(prefixes) == 1 else {}


def _choice(prefixes: Sequence[str], init: InitPlan) -> str:
    """The prefixes that would do, in the words of a spec: those of MoCo's query and of its key, for example."""
    within = "".join(f'{name}="{text}", ' for name, text in (("key", init.key),) if text)
    above = f"{init.prefix.removesuffix('.')}." if init.prefix else ""
    ways = [f'`weights("{init.file}", {within}prefix="{above}{prefix}")`' for prefix in prefixes[:SHOWN]]
    return f"the file has all of them more than once: write {' or '.join(ways)}" if ways else ""


def _fitting(target: nn.Module, path: str, state: State, source: str, init: InitPlan) -> State:
    """The target's weights. All of them must be there, in its shapes; others, such as a classifier's, may be."""
    wanted = target.state_dict()
    reasons = misfits(state, wanted)
    if reasons:
        raise _unfit(source, path, reasons, state, init)
    return {name: state.get(name, tensor) for name, tensor in wanted.items()}


def _unfit(source: str, path: str, reasons: list[str], found: State, init: InitPlan, help: str = "") -> SpecError:
    there = f"found there: {some(list(found)) if found else 'nothing for this module'}"
    message = f"the weights of {source} do not fit `{path}`"
    return SpecError(Diagnostic("R422", message, span_of(init.place), hints=(*reasons, there), help=help))
