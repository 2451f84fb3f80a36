"""The modules of an experiment, once they are built: found by path, and grouped for training."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Protocol, runtime_checkable

from attrs import evolve
from torch import nn

from ssldsl.errors import Diagnostic, InternalError, SpecError
from ssldsl.graph.plan import ModulePlan, NodePlan, Plan, StagePlan
from ssldsl.ir.modules import owner
from ssldsl.ir.walk import leaves
from ssldsl.runtime.spans import span_of


@runtime_checkable
class BeginsSteps(Protocol):
    """A module with something to do when a step begins, such as bringing rows to unit length."""

    def begin_step(self) -> None: ...


def module_key(path: str) -> str:
    """The key of a module in the dict of all modules, whose keys may hold no dot and hide no attribute of the dict."""
    key = path.replace(".", "/")
    return f"{key}/" if hasattr(nn.ModuleDict, key) or key == "training" else key


def net_paths(nodes: Mapping[str, NodePlan], id_: str) -> list[str]:
    """The modules of a `net` or `compose` node, in the order they are applied."""
    parts = leaves(id_, lambda id_: nodes[id_].inputs)
    return [str(nodes[part].settings["name"]) for part in parts]


def module_and_part(modules: nn.ModuleDict, path: str) -> tuple[str, str]:
    """The path of the module that a path lies in, and the rest: `encoder` and `layer4` for `encoder.layer4`."""
    found, rest = owner((key.replace("/", ".") for key in modules), path)
    if module_key(found) not in modules:
        raise InternalError(f"no module `{path}`, only {sorted(modules)}")
    return found, rest


def find(modules: nn.ModuleDict, path: str) -> nn.Module:
    """A module, or a part of one: `encoder`, `rotation.angles`, `encoder.layer4`."""
    module_path, rest = module_and_part(modules, path)
    return part_of(modules[module_key(module_path)], module_path, rest)


def part_of(module: nn.Module, path: str, rest: str) -> nn.Module:
    """A part of a module, or an error that names the parts it has."""
    for piece in rest.split(".") if rest else ():
        parts = dict(module.named_children())
        if piece not in parts:
            known = f"it has: {', '.join(parts)}" if parts else "it has no parts"
            raise SpecError(Diagnostic("R423", f"`{path}` has no part `{piece}`", hints=(known,)))
        module, path = parts[piece], f"{path}.{piece}"
    return module


def check_parts(plan: Plan, modules: nn.ModuleDict) -> None:
    """Refuse names of parts that a network turns out not to have, in any stage, before the first one begins."""
    for stage in plan.stages:
        groups = [path for update in stage.each_update for path in update.groups]
        named = [*stage.train, *groups, *(path for init in stage.init for path in init.modules)]
        lists = {path for path in groups if any(m.path.startswith(f"{path}.") for m in plan.modules)}
        for path in (path for path in named if path not in lists):
            try:
                find(modules, path)
            except SpecError as error:
                place = stage.places.get(f"train.{path}") or stage.places.get("groups" if path in groups else "")
                raise SpecError(evolve(error.diagnostics[0], span=span_of(place))) from None


def set_trained(stage: StagePlan, modules: nn.ModuleDict) -> None:
    """Let gradients reach the parameters that the stage trains, and no others."""
    modules.requires_grad_(False)
    for path in stage.train:
        find(modules, path).requires_grad_(True)


def learning_parts(plan: Plan, stage: StagePlan, modules: nn.ModuleDict) -> Iterator[nn.Module]:
    """What is in training mode: the parts that the stage trains, and the same parts of their moving averages."""
    for path in stage.train:
        yield find(modules, path)
        for module in plan.modules:
            source = followed(plan, module)
            if source and (path == source or path.startswith(f"{source}.")):
                yield find(modules, module.path + path.removeprefix(source))


def followed(plan: Plan, module: ModulePlan) -> str:
    """The path of the network that a moving average follows, through averages of averages; else nothing."""
    sources = {other.path: other.average_of for other in plan.modules}
    path = module.average_of
    while sources.get(path):
        path = sources[path]
    return path


def step_hooks(plan: Plan, stage: StagePlan, modules: nn.ModuleDict) -> list[Callable[[], None]]:
    """What parts that learn do when a step begins, before all else: the `begin_step` of those that have one."""
    parts = {part: None for module in learning_parts(plan, stage, modules) for part in module.modules()}
    return [part.begin_step for part in parts if isinstance(part, BeginsSteps)]


def trained_parameters(stage: StagePlan, modules: nn.ModuleDict) -> list[dict[str, Any]]:
    """The parameters that the stage trains, as groups `{"path", "names", "params"}` for an optimizer.

    path: the key of `stage.groups` whose settings hold for the group, or else the path in `stage.train` it belongs to.
    """
    groups: dict[str, dict[str, Any]] = {}
    seen: set[int] = set()
    for path in stage.train:
        for name, parameter in find(modules, path).named_parameters(prefix=path):
            if id(parameter) in seen:
                continue
            seen.add(id(parameter))
            key = max((g for g in stage.groups if name.startswith(f"{g}.")), key=len, default=path)
            group = groups.setdefault(key, {"path": key, "names": [], "params": []})
            group["names"].append(name)
            group["params"].append(parameter)
    return list(groups.values())
