"""Sizes: names of dimensions bound to what is found, and expressions of them."""

from ssldsl.check.messages import shapes
from ssldsl.ir.nodes import Setting
from ssldsl.types import Dim, parse_dim, solve_dim

Sizes = dict[str, Dim]
REST = "..."


def unify(dims: tuple[str, ...], found: tuple[Dim, ...], sizes: Sizes, settings: dict[str, Setting]) -> str:
    """Bind the names in `dims` to the sizes found, or say why they do not agree.

    After `...` anything may come. What a `...` stands for that has dimensions behind it is the same at all edges.
    """
    if dims[-1:] == (REST,):
        dims, found = dims[:-1], found[: len(dims) - 1]
    elif REST in dims:
        at, behind = dims.index(REST), len(dims) - dims.index(REST) - 1
        if len(found) < len(dims) - 1:
            return f"{len(found)} dimensions where {len(dims) - 1} or more are wanted"
        end = len(found) - behind
        if why := _bind_between(found[at:end], sizes):
            return why
        dims, found = (*dims[:at], *dims[at + 1 :]), (*found[:at], *found[end:])
    if len(dims) != len(found):
        return f"{len(found)} dimensions where {len(dims)} are wanted"
    for text, size in zip(dims, found, strict=True):
        if text.isidentifier() and text not in sizes:
            sizes[text] = size
            continue
        wanted = size_of(text, sizes, settings)
        if wanted is None and (why := _solve(text, size, sizes, settings)):
            return why
        if wanted is not None and wanted != size:
            return shapes.disagreement(text, wanted, size)
    return ""


def _bind_between(found: tuple[Dim, ...], sizes: Sizes) -> str:
    """Remember what a `...` stands for, or say why it is something else here."""
    if REST not in sizes:
        sizes |= {REST: Dim.of(len(found)), **{f"{REST}{i}": size for i, size in enumerate(found)}}
    before = between(sizes)
    if len(before) != len(found):
        return f"`...` is {len(before)} dimensions, and here {len(found)}"
    unlike = ((a, b) for a, b in zip(before, found, strict=True) if a != b)
    return next((shapes.disagreement(REST, a, b) for a, b in unlike), "")


def between(sizes: Sizes) -> tuple[Dim, ...]:
    """The dimensions that a `...` stands for which has others behind it."""
    return tuple(sizes[f"{REST}{i}"] for i in range(sizes[REST].value or 0)) if REST in sizes else ()


def _solve(text: str, size: Dim, sizes: Sizes, settings: dict[str, Setting]) -> str:
    """Bind the one name without a size in `{views}*batch`, or say why it can have none."""
    try:
        solution = solve_dim(text, size, sizes.__getitem__, lambda name: _number(settings[name]))
    except KeyError:
        return ""
    if solution is None:
        return ""
    name, found = solution
    if found is None:
        factor = size_of(text, {**sizes, name: Dim.of(1)}, settings)
        return f"{shapes.size(size)} is no multiple of {factor}"
    sizes[name] = found
    return ""


def size_of(text: str, sizes: Sizes, settings: dict[str, Setting]) -> Dim | None:
    """A dimension expression in numbers, or nothing where a name in it has no size yet.

    In braces a name is a setting before it is a size: the `width` of a network is not that of an image.
    """
    if text in sizes:  # nearly all
        return sizes[text]

    def number(name: str) -> Dim | int:
        return sizes[name] if name in sizes else _number(settings[name])

    def setting(name: str) -> Dim | int:
        return _number(settings[name]) if name in settings else sizes[name]

    try:
        return parse_dim(text, number, setting)
    except KeyError:
        return None


def _number(value: Setting) -> Dim | int:
    """A setting that is a size; `KeyError` for any other."""
    if isinstance(value, bool) or not isinstance(value, int | Dim):
        raise KeyError(value)
    return value
