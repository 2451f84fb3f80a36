"""The annotations of an op held against its calls: shapes, dtypes, and what a kind promises of its values.

A run holds the first calls of a person's own ops against them. `check_contracts()` in a `conftest.py` makes every op
that is imported afterwards check all of its calls.
"""

import functools
import inspect
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import torch
from torch import Tensor

from ssldsl.ops import decorator
from ssldsl.ops.reading import ROLES, plain, read_signature, read_signatures
from ssldsl.ops.signature import Edge, Output, Signature
from ssldsl.types import WHOLE_NUMBERS, Dim, parse_dim, solve_dim

T = TypeVar("T", bound=Callable[..., Any])
Sizes = dict[str, int]
ARGUMENTS = "_ssldsl_arguments"  # of a module: what its `__init__` was given


class ContractError(AssertionError):
    """An op was called with, or gave, something else than it says. `help`: a way out. `place`: where the op stands."""

    def __init__(self, message: str, help: str = "", place: str = "") -> None:
        super().__init__(message)
        self.help, self.place = help, place


def check_contracts(on: bool = True) -> None:
    """Ops imported from now on check their calls, or no longer do."""
    decorator.wrap_ops(checked if on else None)


@contextmanager
def contracts_checked() -> Iterator[None]:
    """Ops imported inside this context check their calls, there and later."""
    before = decorator.wrap_ops(checked)
    try:
        yield
    finally:
        decorator.wrap_ops(before)


def checked(op: T) -> T:
    """The op, holding every call against its signature. A module is changed in place."""
    if inspect.isclass(op):
        return _checked_module(op)  # type: ignore[no-any-return]  # the same class

    @functools.wraps(op)
    def call(*args: Any, **kwargs: Any) -> Any:
        result = op(*args, **kwargs)
        if not torch.compiler.is_compiling():
            check_call(signature_of(op), bound(op, args, kwargs), result)
        return result

    return call  # type: ignore[return-value]  # has the same parameters


def _checked_module(module: Any) -> Any:
    init, forward = module.__init__, module.forward

    @functools.wraps(init)
    def construct(self: Any, *args: Any, **kwargs: Any) -> None:
        if type(self) is module:
            self.__dict__[ARGUMENTS] = bound(init, (self, *args), kwargs)
        init(self, *args, **kwargs)

    @functools.wraps(forward)
    def call(self: Any, *args: Any, **kwargs: Any) -> Any:
        result = forward(self, *args, **kwargs)
        if not torch.compiler.is_compiling() and ARGUMENTS in self.__dict__:
            arguments = self.__dict__[ARGUMENTS] | bound(forward, (self, *args), kwargs)
            check_call(signature_of(module), arguments, result)
        return result

    module.__init__, module.forward = construct, call
    return module


def bound(function: Callable[..., Any], args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> dict[str, Any]:
    """Arguments by name, those left out by their defaults."""
    found = inspect.signature(function).bind(*args, **kwargs)
    found.apply_defaults()
    return dict(found.arguments)


@functools.cache
def signature_of(op: Any) -> Signature:
    """The signature of an imported op, read from its file."""
    path = Path(inspect.getfile(op))
    text = path.read_text(encoding="utf-8")
    role = next((r for r in ROLES if r == path.parent.name), None)
    if role is not None:
        return read_signature(str(path), text, role)
    return next(s for s in read_signatures(str(path), text) if plain(s.name) == plain(op.__name__))


def check_call(signature: Signature, arguments: Mapping[str, Any], result: Any) -> Sizes:
    """Hold one call against the signature; gives what its dimensions stand for.

    arguments: edges and settings, of a module also its sizes, by name.
    """
    known = {*signature.sizes, *(s.name for s in signature.settings)}
    numbers = {n: v for n, v in arguments.items() if n in known and isinstance(v, int) and not isinstance(v, bool)}
    sizes = {n: numbers[n] for n in signature.sizes if n in numbers}
    for edge in signature.edges:
        value = arguments.get(edge.name)
        if value is None and (edge.optional or signature.reads_alone):
            continue
        for item in value if edge.many and isinstance(value, list | tuple) else [value]:
            _check(signature, edge, item, sizes, numbers)
    for output in signature.outputs:
        given = getattr(result, output.name) if output.name else result
        _check(signature, output, given, sizes, numbers)
    return sizes


def _check(signature: Signature, what: Edge | Output, value: Any, sizes: Sizes, numbers: Mapping[str, int]) -> None:
    place = f"`{what.name}` of `{signature.name}`" if what.name else f"the result of `{signature.name}`"
    if what.kind in ("Net", "Data", "Parameters", "Rows"):
        return
    if signature.traits.takes_bytes and isinstance(value, Tensor) and value.dtype == torch.uint8:
        value = value / 255
    if what.kind == "Time" or (what.kind == "Scalar" and isinstance(value, int | float)):
        _require(isinstance(value, int | float), f"{place} should be a number, and is {value!r}")
        return
    _require(isinstance(value, Tensor), f"{place} should be {what.kind}, and is {type(value).__name__}")
    _check_shape(place, what, value, sizes, numbers)
    if what.kind == "Alike":
        return
    if what.kind in WHOLE_NUMBERS:
        whole = not (value.is_floating_point() or value.is_complex() or value.dtype == torch.bool)
        _require(whole, f"{place} should be whole numbers, and is {value.dtype}")
    else:
        _require(value.is_floating_point(), f"{place} should be {what.kind}, and is {value.dtype}")
    if value.numel() and value.device.type != "meta":
        check_values(place, what, value.detach())


def _check_shape(place: str, what: Edge | Output, value: Tensor, sizes: Sizes, numbers: Mapping[str, int]) -> None:
    shape, dims = tuple(value.shape), what.dims
    said = f"{place} is {shape}, and its annotation says ({', '.join(dims)})"
    if "..." in dims:
        dims, shape = _without_rest(said, dims, shape, sizes)
    _require(len(shape) == len(dims), said)
    for text, size in zip(dims, shape, strict=True):
        if text.isidentifier() and text not in sizes:
            sizes[text] = size
            continue
        known, settings = {**numbers, **sizes}, {**sizes, **numbers}  # in braces stand settings
        try:
            wanted = parse_dim(text, known.__getitem__, settings.__getitem__).value
        except KeyError:
            _solve(said, text, size, sizes, numbers)
            continue
        _require(wanted == size, f"{said}, where `{text}` is {wanted}")


def _without_rest(
    said: str, dims: tuple[str, ...], shape: tuple[int, ...], sizes: Sizes
) -> tuple[tuple[str, ...], tuple[int, ...]]:
    """Dimensions and shape without what `...` stands for; where others stand behind it, it is the same at all edges."""
    at = dims.index("...")
    end = len(shape) - (len(dims) - at - 1)
    _require(end >= at, said)
    if dims[-1] != "...":
        found = {f"...{i}": size for i, size in enumerate(shape[at:end])}
        before = {name: size for name, size in sizes.items() if name.startswith("...")}
        _require(before in ({}, found), said)
        sizes.update(found)
    return (*dims[:at], *dims[at + 1 :]), (*shape[:at], *shape[end:])


def _solve(said: str, text: str, size: int, sizes: Sizes, numbers: Mapping[str, int]) -> None:
    """Bind the one unknown size of `{views}*batch`. Of a size that nothing says in advance nothing is required."""
    try:
        solution = solve_dim(text, Dim.of(size), sizes.__getitem__, numbers.__getitem__)
    except KeyError:
        return
    if solution is not None:
        name, found = solution
        _require(found is not None, f"{said}, where `{name}` would be no whole number")
        sizes[name] = found.value or 0 if found is not None else 0


def check_values(place: str, what: Edge | Output, value: Tensor) -> None:
    """Refuse numbers that are not of their kind, such as probabilities that do not sum to one."""
    loose = 1e-2 if value.dtype in (torch.float16, torch.bfloat16) else 1e-4
    if what.kind == "Probs":
        off = (value.float().sum(dim=-1) - 1).abs().max().item()
        _require(value.min().item() >= -loose and off <= loose, f"rows of {place} should sum to one, and are {off} off")
    elif what.kind == "Embeddings":
        norms = value.float().norm(dim=-1)
        off = torch.minimum((norms - 1).abs(), norms).max().item()  # an empty row is zero
        _require(off <= loose, f"rows of {place} should have length one, and are {off} off")
    elif what.kind == "Weights":
        _require(
            bool(value.min() >= 0) and bool(value.max() <= 1), f"{place} should be from 0 to 1, and has {_range(value)}"
        )
    elif what.kind == "Masks":
        _require(bool(((value == 0) | (value == 1)).all()), f"{place} should be 0 or 1, and has {_range(value)}")
    elif what.kind in WHOLE_NUMBERS:
        _require(value.min().item() >= 0, f"{place} should count from 0, and has {value.min().item()}")


def _range(value: Tensor) -> str:
    return f"values from {value.min().item()} to {value.max().item()}"


def _require(good: bool, message: str) -> None:
    if not good:
        raise ContractError(message)
