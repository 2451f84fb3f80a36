"""Weights at the start of a stage: from another stage or its average, from a file, or afresh. No file is executed."""

from collections.abc import Callable, Mapping
from pathlib import Path
from pickle import UnpicklingError

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn

from ssldsl.errors import Diagnostic, SpecError
from ssldsl.graph.plan import InitPlan, Place, Plan, StagePlan
from ssldsl.runtime.endings import weights_of_run
from ssldsl.runtime.loading import Library
from ssldsl.runtime.modules import Builder, Shape, find, module_key, owner, part_of
from ssldsl.runtime.places import span_of

State = Mapping[str, Tensor]
_WRAPPERS = ("state_dict", "model", "net")
_SHOWN = 5


def initialise(
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
    fresh = Builder(plan, fields, library, stage.name)
    for init in stage.init:
        for path in init.modules:
            target = find(modules, path)
            if init.run or init.file:
                target.load_state_dict(_from_outside(init, path, modules, folder))
            elif init.stage:
                state = _named(saved(init.stage, init.average), modules, path)
                target.load_state_dict(_fitting(target, path, state, f"stage `{init.stage}`", init.place))
            else:
                module_path, rest = owner(modules, path)
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
        return _fitting(target, path, state, f"the run `{init.run}`", init.place)
    state = _from_file(folder / init.file, target, path, init)
    return _fitting(target, path, state, f"`{init.file}`", init.place)


def _restart_averages(plan: Plan, inits: tuple[InitPlan, ...], modules: nn.ModuleDict) -> None:
    named = {path for init in inits for path in init.modules}
    for module in plan.modules:
        followed = module.average_of
        renewed = any(path == followed or path.startswith(f"{followed}.") for path in named)
        if followed and renewed and module.path not in named:
            find(modules, module.path).load_state_dict(find(modules, followed).state_dict())


def _named(state: State, modules: nn.ModuleDict, path: str) -> dict[str, Tensor]:
    """The part of all modules' weights that belongs to a path, named from there."""
    module_path, rest = owner(modules, path)
    return _below(state, module_key(module_path) + (f".{rest}" if rest else ""))


def _below(state: State, prefix: str) -> dict[str, Tensor]:
    return {name.removeprefix(f"{prefix}."): tensor for name, tensor in state.items() if name.startswith(f"{prefix}.")}


def read_weights(path: Path, place: Place | None = None) -> dict[str, Tensor]:
    """The tensors of a file: safetensors, or a torch file without code in it."""
    try:
        if path.suffix == ".safetensors":
            return load_file(path)
        content = torch.load(path, map_location="cpu", weights_only=True)
    except FileNotFoundError as error:
        raise _unreadable(path, "there is no such file", place) from error
    except UnpicklingError as error:
        raise _unreadable(path, "it holds Python objects besides tensors, which are not loaded", place) from error
    except (OSError, SafetensorError, RuntimeError, EOFError, ValueError) as error:
        raise _unreadable(path, str(error).splitlines()[0] if str(error) else type(error).__name__, place) from error
    except (LookupError, TypeError, AttributeError) as error:  # what reading arbitrary bytes ends in
        raise _unreadable(path, "it is no file of weights", place) from error
    while (
        isinstance(content, dict) and (inner := next((content[k] for k in _WRAPPERS if k in content), None)) is not None
    ):
        content = inner
    tensors = {str(k): v for k, v in content.items() if isinstance(v, Tensor)} if isinstance(content, dict) else {}
    if not tensors:
        raise _unreadable(path, "it holds no named tensors", place)
    return tensors


def _unreadable(path: Path, why: str, place: Place | None) -> SpecError:
    return SpecError(Diagnostic("R421", f"the weights in {path} cannot be read: {why}", span_of(place)))


def _from_file(file: Path, target: nn.Module, path: str, init: InitPlan) -> dict[str, Tensor]:
    """The file's tensors under the target's names: as they stand, or below `module.`, or below the target's path."""
    tensors = read_weights(file, init.place)
    wanted = set(target.state_dict())
    prefixes = ("module", path, module_key(path), path.rpartition(".")[2], "encoder", "backbone")
    candidates = [tensors, *(_below(tensors, prefix) for prefix in prefixes)]
    return max(candidates, key=lambda names: len(wanted & set(names)))


def _fitting(target: nn.Module, path: str, state: State, source: str, place: Place | None) -> State:
    """The target's weights. All of them must be there, in its shapes; others, such as a classifier's, may be."""
    wanted = target.state_dict()
    missing = [name for name in wanted if name not in state]
    wrong = [
        f"`{name}` is {list(state[name].shape)} there and {list(tensor.shape)} here"
        for name, tensor in wanted.items()
        if name in state and state[name].shape != tensor.shape
    ]
    if missing or wrong:
        hints = ([f"missing: {_some(missing)}"] if missing else []) + ([f"shapes: {_some(wrong)}"] if wrong else [])
        hints.append(f"found there: {_some(list(state))}" if state else "found there: nothing for this module")
        message = f"the weights of {source} do not fit `{path}`"
        raise SpecError(Diagnostic("R422", message, span_of(place), hints=tuple(hints)))
    return {name: state[name] for name in wanted}


def _some(names: list[str]) -> str:
    more = f", and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more
