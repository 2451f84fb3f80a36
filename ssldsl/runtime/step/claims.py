"""What a person's own ops say of themselves, held against their first calls, before anything is trained with them.

The library's ops are held against the same by its tests. A claim that does not hold is a `ContractError`: it comes
through the line of the step that calls the op, so its message names the op, the line of the spec and the file.
"""

import sys
from collections.abc import Callable, Container, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import Any

import torch
from attrs import frozen
from torch import Tensor, nn

from ssldsl.graph.plan import Plan, StagePlan
from ssldsl.ops.contract import ContractError, bound, check_call
from ssldsl.ops.library import Library
from ssldsl.ops.random import SampleRng
from ssldsl.ops.signature import Edge, Output, Signature
from ssldsl.runtime.nets.composition import Composition
from ssldsl.runtime.nets.memories import Memories
from ssldsl.runtime.nets.unsaved import changed_outside, outside_of_buffers
from ssldsl.runtime.ops.errors import NodeFailure
from ssldsl.runtime.step.lower import Lowered
from ssldsl.runtime.step.module import StageStep
from ssldsl.types import WHOLE_NUMBERS, parse_dim

Call = Callable[[Mapping[str, Any]], Any]  # an op, given its edges and its random numbers by name
GATHER = 'if rows are to be compared, say `@op(across="gather")`: then it sees those of all processes'
NO_GRADIENT = WHOLE_NUMBERS | {"Masks", "Weights"}  # kinds that carry none


def has_own_ops(plan: Plan, stage: StagePlan, library: Library) -> bool:
    """Whether a step runs any of them."""
    ops = {node.op for node in stage.nodes if node.placement in ("step", "host")} | {m.op for m in plan.modules}
    return any((s := library.get(op)) is not None and s.is_own for op in ops)


@contextmanager
def claims_held(plan: Plan, stage: StagePlan, step: StageStep, library: Library, memories: Memories) -> Iterator[None]:
    """Inside, every call of a person's own op in a step is held against what the op says of itself."""
    with ExitStack() as after:
        after.enter_context(functions_held(type(step).forward.__globals__, stage, library, step.lowered))
        for module, claimed in (*_modules(plan, step, library), *_memories(memories, library)):
            hook = module.register_forward_hook(claimed.after_forward, with_kwargs=True)
            after.callback(hook.remove)
        yield


def hold_commits(memories: Memories, writes: Mapping[str, Tensor], library: Library, parts: int) -> None:
    """Let memories remember a step; `NodeFailure` where one of a person's own keeps that outside of its buffers."""
    before = [outside_of_buffers(memory.module) for memory in memories.all]
    memories.commit([writes] * parts, 0)
    for memory, kept in zip(memories.all, before, strict=True):
        signature, lost = library.get(memory.node.op), changed_outside(kept, memory.module)
        if lost and signature is not None and signature.is_own:
            raise NodeFailure(memory.node, Claimed(signature, {}).unsaved(lost))


@contextmanager
def functions_held(names: dict[str, Any], stage: StagePlan, library: Library, lowered: Lowered) -> Iterator[None]:
    """Inside, the functions that generated code calls by these names are held against what they say."""
    ops = {node.op for node in stage.nodes} & names.keys()
    own = {op: s for op in ops if (s := library.get(op)) is not None and s.is_own and not s.is_module}
    before = {op: names[op] for op in own}
    lines = _lines_with_all_rows(stage, lowered)
    names.update({op: Claimed(signature, {}).around(names[op], lines) for op, signature in own.items()})
    try:
        yield
    finally:
        names.update(before)


def _lines_with_all_rows(stage: StagePlan, lowered: Lowered) -> frozenset[int]:
    """The lines of a step whose values are made of the rows of all processes: those may compare them."""
    seen: set[str] = set()
    nodes = {node.id: node for node in stage.nodes}
    for node in stage.nodes:
        inputs = [nodes[id_] for id_ in node.inputs]
        if node.op != "local" and any(each.op == "gather" or each.id in seen for each in inputs):
            seen.add(node.id)
    return frozenset(number for number, node in lowered.lines.items() if node.id in seen)


def _modules(plan: Plan, step: StageStep, library: Library) -> Iterator[tuple[nn.Module, "Claimed"]]:
    """The modules of a step that are a person's own: networks, and modules without a name."""
    by_path = {module.path: module for module in plan.modules}
    for attribute, path in step.lowered.attributes.items():
        made = by_path[path]
        signature = library.get(made.op)
        if signature is not None and signature.is_own:
            yield getattr(step, attribute), Claimed(signature, {**made.sizes, **made.settings})
    for attribute, node in step.lowered.unnamed.items():
        signature = library.get(node.op)
        if signature is not None and signature.is_own:
            yield getattr(step, attribute), Claimed(signature, node.settings)


def _memories(memories: Memories, library: Library) -> Iterator[tuple[nn.Module, "Claimed"]]:
    for memory in memories.all:
        signature = library.get(memory.node.op)
        if signature is not None and signature.is_own:
            yield memory.module, Claimed(signature, memory.node.settings)


@frozen
class Claimed:
    """An op and what it says of itself. `settings`: those of a module, and its sizes."""

    signature: Signature
    settings: Mapping[str, Any]

    def around(self, op: Callable[..., Any], all_rows: Container[int]) -> Callable[..., Any]:
        """The function, whose calls are held against what it says. `all_rows`: lines whose calls may compare rows."""

        def call(*args: Any, **kwargs: Any) -> Any:
            may_compare = sys._getframe(1).f_lineno in all_rows
            arguments = bound(op, args, kwargs)
            rng = _rng(arguments)  # before it is drawn from
            result = op(*args, **kwargs)
            self.hold(lambda edges: op(**edges), {**arguments, **rng}, result, may_compare=may_compare)
            return result

        return call

    def after_forward(self, module: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any], result: Any) -> None:
        """Hold a forward pass that is over against what its module says."""
        arguments = bound(type(module).forward, (module, *args), kwargs)
        arguments.pop(next(iter(arguments)))  # `self`
        before = outside_of_buffers(module)
        self.hold(lambda edges: module.forward(**edges), {**arguments, **_rng(arguments)}, result, module)
        lost = changed_outside(before, module)
        if lost:
            raise self.unsaved(lost)

    def hold(
        self,
        call: Call,
        arguments: Mapping[str, Any],
        result: Any,
        module: nn.Module | None = None,
        *,
        may_compare: bool = False,
    ) -> None:
        """Raise `ContractError` where a call and what came of it are not what the op says."""
        try:
            sizes = check_call(self.signature, {**self.settings, **arguments}, result)
        except ContractError as error:
            raise self._broken(str(error), "change the op, or what its annotations say of it") from error
        runs_nets = any(isinstance(value, Composition) for value in arguments.values())
        is_repeatable = self._hold_repeated(call, arguments, result, runs_nets)
        self._hold_gradient(call, arguments, result)
        if is_repeatable and not (runs_nets or may_compare or self.signature.gathers):
            with _as_in_evaluation(module, self.signature):
                self._hold_rows(call, arguments, sizes.get("batch", 0))

    def _hold_repeated(self, call: Call, arguments: Mapping[str, Any], result: Any, runs_nets: bool) -> bool:
        """What comes again is the same; gives whether it is."""
        again = _called(call, arguments)
        same = all(_apart(a, b) <= self._loose(a) for a, b in zip(_tensors(result), _tensors(again), strict=True))
        if same or runs_nets or self.signature.is_random(self.settings):
            return same
        name = self.signature.name
        if self.signature.role in ("nets", "heads"):
            raise self._broken(
                f"`{name}` draws random numbers where it learns, and does not say so",
                "say `@op(random=True)`: then rows that are wanted twice are drawn twice",
            )
        raise self._broken(
            f"`{name}` gives other numbers when it is called again on the same rows",
            "draw from `rng: SampleRng`, a parameter after `*`; what is to last is kept in the buffers of a memory",
        )

    def _hold_gradient(self, call: Call, arguments: Mapping[str, Any], result: Any) -> None:
        """A gradient reaches every edge that does not say `Detached`."""
        said = [each.kind for each in self.signature.outputs]
        if not torch.is_grad_enabled() or all(kind in NO_GRADIENT for kind in said):
            return
        edges = [e for e in self.signature.edges if not (e.many or e.detached or e.kind in NO_GRADIENT)]
        read = {e.name: v for e in edges if isinstance(v := arguments.get(e.name), Tensor) and v.requires_grad}
        if not read:
            return
        leaves = {name: value.detach().requires_grad_() for name, value in read.items()}
        made = [t for t in _tensors(call({**arguments, **leaves, **_rng(arguments)})) if t.requires_grad]
        reached = torch.autograd.grad([t.sum() for t in made], list(leaves.values()), allow_unused=True) if made else ()
        for name, grad in zip(leaves, reached or [None] * len(leaves), strict=True):
            if grad is None:
                raise self._broken(
                    f"no gradient goes through `{self.signature.name}` to its edge `{name}`, which does not say so",
                    f"annotate it as `{name}: Detached[...]`; `check` then asks for `stop(...)` where it is called",
                )

    def _hold_rows(self, call: Call, arguments: Mapping[str, Any], batch: int) -> None:
        """What halves of the batch give, together, is what the batch gives."""
        half = batch // 2
        if not half:
            return
        parts = [self._rows(arguments, batch, 0, 2 * half)]
        parts += [self._rows(arguments, batch, 0, half), self._rows(arguments, batch, half, 2 * half)]
        whole = _called(call, parts[0])
        try:
            halves = [_called(call, part) for part in parts[1:]]
        except (ArithmeticError, LookupError, RuntimeError, TypeError, ValueError, AssertionError) as error:
            name, why = self.signature.name, f"{type(error).__name__}: {error}"
            raise self._broken(f"`{name}` cannot do with half of the rows: {why}", GATHER) from error
        for output in self.signature.outputs:
            self._hold_output(output, *(getattr(r, output.name) if output.name else r for r in (whole, *halves)))

    def _hold_output(self, output: Output, whole: Any, first: Any, second: Any) -> None:
        if not isinstance(whole, Tensor):
            return
        name = f"`{output.name}` of `{self.signature.name}`" if output.name else f"`{self.signature.name}`"
        if not whole.ndim:
            apart, text = _apart(whole, (first + second) / 2), " and ".join(f"{v.item():.4g}" for v in (first, second))
            said = f"{name} is {whole.item():.4g} for a batch and {text} for its halves: that is no mean over rows"
        elif output.dims and "batch" in parse_dim(output.dims[0]).symbols:
            apart = _apart(whole, torch.cat([first, second]))
            said = f"{name} gives a row something else where other rows stand beside it (up to {apart:.2g} apart)"
        else:
            return
        if apart > self._loose(whole):
            raise self._broken(said, GATHER if self.signature.role not in ("nets", "heads") else _of_networks())

    def unsaved(self, name: str) -> ContractError:
        """Something changes that no checkpoint has."""
        said = (
            f"`{name}` of `{self.signature.name}` changes from step to step and is no buffer, so no checkpoint has it"
        )
        return self._broken(said, "make it in `__init__` with `self.register_buffer(name, tensor)`")

    def _loose(self, value: Tensor) -> float:
        """What rounding may do to numbers of this size; the sums of a network are long, and other for other rows."""
        if not value.numel() or not value.is_floating_point():
            return 0.0
        size = float(value.detach().double().nan_to_num(nan=0.0, posinf=0.0, neginf=0.0).abs().max())
        eps = float(torch.finfo(value.dtype).eps)
        return (20 * eps**0.5 if self.signature.is_module else 1000 * eps) * max(size, 1e-30)

    def _broken(self, message: str, help: str) -> ContractError:
        return ContractError(message, help, f"{self.signature.path}, line {self.signature.line}")

    def _rows(self, arguments: Mapping[str, Any], batch: int, first: int, last: int) -> dict[str, Any]:
        """The arguments for some rows of the batch; copies of a row stay together."""

        def cut(edge: Edge, value: Any) -> Any:
            if isinstance(value, list):
                return [cut(edge, item) for item in value]
            if not isinstance(value, Tensor) or not edge.dims or "batch" not in _first_symbols(edge):
                return value
            times = len(value) // batch
            return value[first * times : last * times]

        found = {edge.name: cut(edge, arguments[edge.name]) for edge in self.signature.edges if edge.name in arguments}
        rng = arguments.get("rng")
        if isinstance(rng, SampleRng):
            times = len(rng.rows.index) // batch
            found["rng"] = rng.between(first * times, last * times)
        return {**arguments, **found}


def _of_networks() -> str:
    return (
        "a network that normalizes by the batch says `@op(batch_coupled=True)`, and one that compares rows in a way of "
        'its own `@op(across="gather")`: then it sees those of all processes'
    )


@contextmanager
def _as_in_evaluation(module: nn.Module | None, signature: Signature) -> Iterator[None]:
    """Inside, normalization layers of a network that says that it couples rows do not: what else does must be told."""
    norms = [m for m in (module.modules() if module is not None else ()) if m.training and hasattr(m, "running_mean")]
    told = norms if signature.traits.batch_coupled else []
    for norm in told:
        norm.eval()
    try:
        yield
    finally:
        for norm in told:
            norm.train()


def _first_symbols(edge: Edge) -> frozenset[str]:
    return frozenset() if edge.dims[0] == "..." else parse_dim(edge.dims[0]).symbols


def _rng(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Random numbers that begin anew, so that a call draws the same again."""
    rng = arguments.get("rng")
    return {"rng": rng.again()} if isinstance(rng, SampleRng) else {}


def _called(call: Call, arguments: Mapping[str, Any]) -> Any:
    with torch.no_grad():
        return call({**arguments, **_rng(arguments)})


def _tensors(result: Any) -> list[Tensor]:
    return [value for value in (result if isinstance(result, tuple) else (result,)) if isinstance(value, Tensor)]


def _apart(one: Tensor, other: Tensor) -> float:
    """The largest difference, infinite where shapes differ; what is no number in both is the same."""
    if one.shape != other.shape:
        return float("inf")
    if not one.numel():
        return 0.0
    a, b = one.detach().double(), other.detach().double()
    same = (a == b) | (a.isnan() & b.isnan())
    return float(torch.where(same, 0.0, (a - b).abs()).nan_to_num(nan=float("inf")).max())
