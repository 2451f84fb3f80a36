"""The modules of an experiment: built, initialized by seed and path alone, found by path, and grouped for training."""

import copy
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import torch
from attrs import Factory, define, evolve
from torch import Tensor, nn

from ssldsl.errors import Diagnostic, InternalError, SpecError
from ssldsl.graph.plan import ModulePlan, NodePlan, Plan, StagePlan
from ssldsl.graph.plan_types import is_of_kind, tensors_of
from ssldsl.ir.modules import owner as owner_among
from ssldsl.ir.walk import leaves
from ssldsl.ops.library import Library
from ssldsl.ops.signature import Edge, Signature
from ssldsl.ops.weights import UnfitWeights
from ssldsl.runtime.device.memory import HugeNetwork, counted_weights
from ssldsl.runtime.nets.first_values import first_values
from ssldsl.runtime.nets.shapes import Shape, shape_behind
from ssldsl.runtime.ops.errors import OP_ERRORS, is_out_of_memory, raised_at
from ssldsl.runtime.ops.load import op_object, signature_of, with_files
from ssldsl.runtime.spans import span_of
from ssldsl.types import LIKE_INPUT, WHOLE_NUMBERS, parse_dim, with_names

MANY = 10_000  # a size or a setting above this may make weights that nothing holds


@runtime_checkable
class BeginsSteps(Protocol):
    """A module with something to do when a step begins, such as bringing rows to unit length."""

    def begin_step(self) -> None: ...


def _not_made(plan: ModulePlan, error: BaseException) -> Diagnostic:
    """A module whose settings, or whose file of weights, its own code refuses."""
    message = f"`{plan.path}` cannot be made: {error}"
    if is_out_of_memory(error):
        message = f"`{plan.path}` does not fit into memory"
        return Diagnostic("R402", message, span_of(plan.place), hints=(str(error),), help="make it smaller")
    if isinstance(error, UnfitWeights):
        return Diagnostic("R422" if "do not fit" in str(error) else "R421", message, span_of(plan.place))
    is_plain = isinstance(error, ValueError)  # said for a person to read
    message = message if is_plain else f"`{plan.path}` cannot be made: {type(error).__name__}: {error}"
    return Diagnostic("R406", message, span_of(plan.place), hints=() if is_plain else raised_at(error))


def _try_without_numbers(make: Callable[[], object]) -> None:
    """Make a network of sizes alone, which takes no time: raises `HugeNetwork` before numbers are drawn for it."""
    try:
        with torch.device("meta"), counted_weights():
            make()
    except HugeNetwork:
        raise
    except OP_ERRORS:  # one that reads a file, say: it is made in earnest next, and fails there if it must
        return


def _whole_numbers(value: object) -> Iterator[int]:
    """The whole numbers of a setting, or of a list in it."""
    if isinstance(value, int):
        yield value
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from _whole_numbers(item)


def module_key(path: str) -> str:
    """The key of a module in the dict of all modules, whose keys may hold no dot and hide no attribute of the dict."""
    key = path.replace(".", "/")
    return f"{key}/" if hasattr(nn.ModuleDict, key) or key == "training" else key


def build_modules(plan: Plan, fields: Mapping[str, Shape], library: Library, folder: Path = Path()) -> nn.ModuleDict:
    """Every module of the plan. Its first weights depend on the seed and its path, on nothing else.

    fields: the shape of one sample, such as `{"labeled.image": (1, 8, 8)}`, for sizes that only the data or a foreign
        network tell.
    folder: of the spec, where its names of files may start.
    """
    builder = ModuleBuilder(plan, fields, library, folder=folder)
    return nn.ModuleDict({module_key(module.path): builder.module(module.path) for module in plan.modules})


@define
class ModuleBuilder:
    """Builds modules on demand. `stage`: of a stage that begins with fresh weights. `folder`: of the spec."""

    plan: Plan
    fields: Mapping[str, Shape]
    library: Library
    stage: str = ""
    folder: Path = Path()
    _built: dict[str, nn.Module] = Factory(dict)

    def module(self, path: str) -> nn.Module:
        """The module of a path, built once."""
        if path not in self._built:
            plan = next((m for m in self.plan.modules if m.path == path), None)
            if plan is None:
                raise InternalError(f"the plan has no module `{path}`")
            self._built[path] = self._average(plan) if plan.average_of else self._new(plan)
        return self._built[path]

    def _average(self, plan: ModulePlan) -> nn.Module:
        """A moving average starts as a copy of what it follows, and has no gradient."""
        return copy.deepcopy(self.module(plan.average_of)).requires_grad_(False)

    def _new(self, plan: ModulePlan) -> nn.Module:
        signature = signature_of(self.library, plan.op)
        missing = [name for name in signature.sizes if name not in plan.sizes]
        sizes = {**plan.sizes, **(self._inferred(plan, missing) if missing else {})}
        try:
            make = partial(op_object(signature), **sizes, **with_files(signature, plan.settings, self.folder))
            if any(number >= MANY for value in make.keywords.values() for number in _whole_numbers(value)):
                _try_without_numbers(make)
            with first_values(self.plan.seed, self.stage, plan.path), counted_weights():
                made = make()
        except OP_ERRORS as error:
            raise SpecError(_not_made(plan, error)) from error
        if not isinstance(made, nn.Module):
            raise InternalError(f"`{plan.op}` gave a {type(made).__name__} and not a module")
        return made

    def memory(self, nodes: Mapping[str, NodePlan], node: NodePlan) -> nn.Module:
        """A memory as its stage begins, of the sizes of what it reads; settings that change are those of step 1."""
        signature = signature_of(self.library, node.op)
        found: dict[str, int | Tensor] = {}
        for param, id_ in zip(node.params, node.inputs, strict=True):
            edge = signature.edge(param)
            if edge is not None:
                found |= self._sizes(nodes, edge, id_, signature)
        settings = {name: value for name, value in node.settings.items() if not isinstance(value, dict)}
        wanted = {name: found[name] for name in signature.sizes}
        with first_values(self.plan.seed, self.stage, "memory", node.draw):
            memory: nn.Module = op_object(signature)(**wanted, **settings)
        return memory

    def _sizes(
        self, nodes: Mapping[str, NodePlan], edge: Edge, id_: str, signature: Signature
    ) -> dict[str, int | Tensor]:
        """What an input of a memory says of its sizes: its own, what it counts, and an example of a row."""
        found: dict[str, int | Tensor] = {}
        if edge.kind in LIKE_INPUT and signature.takes_row:
            whole = any(is_of_kind(nodes[id_].type, kind) for kind in WHOLE_NUMBERS)
            row = torch.empty(self._shape(nodes, id_)[1:], dtype=torch.int64 if whole else torch.float32)
            found[signature.takes_row] = row
        elif any(dim in signature.sizes for dim in edge.dims):
            found |= dict(with_names(edge.dims, self._shape(nodes, id_)))
        count = next((tensor.classes for tensor in tensors_of(nodes[id_].type)), None)
        if edge.count and isinstance(count, int):
            found[edge.count] = count
        return found

    def _inferred(self, plan: ModulePlan, missing: list[str]) -> dict[str, int]:
        """Sizes read off the first value that the module is applied to."""
        dims = signature_of(self.library, plan.op).edges[0].dims
        for shape in self.input_shapes(plan.path):
            sizes = {name: size for name, size in with_names(dims, shape) if name in missing}
            if len(sizes) == len(missing):
                return sizes
        message = f"the sizes of `{plan.path}` cannot be told: {', '.join(missing)}"
        raise SpecError(
            Diagnostic("R425", message, span_of(plan.place), help=f"give them: `{plan.op}({missing[0]}, ...)`")
        )

    def input_shapes(self, path: str) -> Iterator[Shape]:
        """Shapes of what the module is applied to, with two rows."""
        followers = {m.path for m in self.plan.modules if followed(self.plan, m) == path}
        for stage in self.plan.stages:
            nodes = {node.id: node for node in stage.nodes}
            for node in stage.nodes:
                if node.op != "apply":
                    continue
                paths = net_paths(nodes, node.inputs[0])
                place = next((i for i, p in enumerate(paths) if p == path or p in followers), None)
                if place is not None:
                    yield self._through(paths[:place], self._shape(nodes, node.inputs[1]))

    def _through(self, paths: Sequence[str], shape: Shape, output: str = "") -> Shape:
        """The shape that modules make of a shape, without computing anything. `output`: of the last, if not the first.

        Further inputs, such as masks, are left out.
        """
        for i, path in enumerate(paths, start=1):
            plan = next(m for m in self.plan.modules if m.path == path)
            rows, name = 2 * self._rows_taken(plan), output if i == len(paths) else ""
            shape = (2, *shape_behind(self.module(path), plan, (rows, *shape[1:]), name)[1:])
        return shape

    def _rows_taken(self, plan: ModulePlan) -> int:
        """How many rows a module takes for each that it gives."""
        rows = signature_of(self.library, plan.op).edges[0].dims[0]
        return parse_dim(rows, lambda name: 1 if name == "batch" else plan.settings[name]).value or 1

    def _shape(self, nodes: Mapping[str, NodePlan], id_: str) -> Shape:
        """The shape of a value, with two rows: as the plan says, or by following how it is made."""
        node = nodes[id_]
        dims = next((tensor.dims for tensor in tensors_of(node.type)), ())
        shape = [dim for dim in dims[1:] if isinstance(dim, int)]
        if shape and len(shape) == len(dims) - 1:
            return (2, *shape)
        if node.op == "draw":
            return (2, *self.fields[f"{node.settings['stream']}.{node.settings['field']}"])
        forward = nodes[node.inputs[0]] if node.op == "output" else node
        if forward.op == "apply":
            before = self._shape(nodes, forward.inputs[1])
            return self._through(net_paths(nodes, forward.inputs[0]), before, str(node.settings.get("name", "")))
        if not node.inputs:
            raise InternalError(f"the shape of node {id_} ({node.op}) is not known")
        return self._shape(nodes, node.inputs[0])


def net_paths(nodes: Mapping[str, NodePlan], id_: str) -> list[str]:
    """The modules of a `net` or `compose` node, in the order they are applied."""
    parts = leaves(id_, lambda id_: nodes[id_].inputs)
    return [str(nodes[part].settings["name"]) for part in parts]


def owner(modules: nn.ModuleDict, path: str) -> tuple[str, str]:
    """The path of the module that a path lies in, and the rest: `encoder` and `layer4` for `encoder.layer4`."""
    found, rest = owner_among((key.replace("/", ".") for key in modules), path)
    if module_key(found) not in modules:
        raise InternalError(f"no module `{path}`, only {sorted(modules)}")
    return found, rest


def find(modules: nn.ModuleDict, path: str) -> nn.Module:
    """A module, or a part of one: `encoder`, `rotation.angles`, `encoder.layer4`."""
    module_path, rest = owner(modules, path)
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
