"""Modules are built here: of sizes that the data tell, with first weights that follow from seed and path alone."""

import copy
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path

import torch
from attrs import Factory, define
from torch import Tensor, nn

from ssldsl.errors import Diagnostic, InternalError, SpecError
from ssldsl.graph.plan import ModulePlan, NodePlan, Place, Plan
from ssldsl.graph.plan_types import is_of_kind, tensors_of
from ssldsl.ops.library import Library
from ssldsl.ops.signature import Edge, Signature
from ssldsl.ops.weights import UnfitWeights
from ssldsl.runtime.device.memory import HugeNetwork, counted_weights
from ssldsl.runtime.nets.first_values import first_values
from ssldsl.runtime.nets.modules import followed, module_key, net_paths
from ssldsl.runtime.nets.shapes import Shape, shape_behind
from ssldsl.runtime.ops.errors import OP_ERRORS, is_out_of_memory, raised_at
from ssldsl.runtime.ops.load import op_object, signature_of, with_files
from ssldsl.runtime.spans import span_of
from ssldsl.types import LIKE_INPUT, WHOLE_NUMBERS, parse_dim, with_names

MANY = 10_000  # a size or a setting above this may make weights that nothing holds


def _not_made(name: str, place: Place | None, error: BaseException) -> Diagnostic:
    """A module or a memory whose settings, or whose file of weights, its own code refuses."""
    message, span = f"`{name}` cannot be made: {error}", span_of(place)
    if is_out_of_memory(error):
        message = f"`{name}` does not fit into memory"
        return Diagnostic("R402", message, span, hints=(str(error),), help="make it smaller")
    if isinstance(error, UnfitWeights):
        return Diagnostic("R422" if "do not fit" in str(error) else "R421", message, span)
    is_plain = isinstance(error, ValueError)  # said for a person to read
    message = message if is_plain else f"`{name}` cannot be made: {type(error).__name__}: {error}"
    return Diagnostic("R406", message, span, hints=() if is_plain else raised_at(error))


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
            raise SpecError(_not_made(plan.path, plan.place, error)) from error
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
        try:
            with first_values(self.plan.seed, self.stage, "memory", node.draw):
                memory: nn.Module = op_object(signature)(**wanted, **settings)
        except OP_ERRORS as error:
            raise SpecError(_not_made(node.op, next(iter(node.places), None), error)) from error
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
