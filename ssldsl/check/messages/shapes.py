"""Sizes and types as a message writes them: words for the rows of a step, no marks that tell two data sets apart."""

import re
from collections.abc import Iterable, Sequence

from ssldsl.types import COUNTED, ROWS, Dim, TensorType, Type

_MARK = re.compile(r"_[0-9a-f]{6}$")  # tells the height of one data set from that of another


def size(dim: Dim) -> str:
    """`32`, `3*batch of unlabeled`, `height`, `encoder.dim`."""
    return " + ".join(_product(factors, times) for factors, times in reversed(dim.terms)) or "0"


def _product(factors: tuple[str, ...], times: int) -> str:
    number = [str(times)] if times != 1 or not factors else []
    return "*".join([*number, *(_symbol(factor) for factor in factors)])


def _symbol(name: str) -> str:
    if name.startswith(ROWS):
        return f"batch of {name.removeprefix(ROWS)}"
    return "samples" if name.startswith("N_") else unmarked(name)


def unmarked(symbol: str) -> str:
    """What the data call a size: `height`."""
    return _MARK.sub("", symbol)


def written(type_: Type) -> str:
    """A type: `Images[batch of labeled, 3, height, width]`."""
    return shaped(type_.kind, type_.dims, type_.classes) if isinstance(type_, TensorType) else str(type_)


def wanted(kind: str, dims: Sequence[str]) -> str:
    """What an edge takes: `Features[batch, dim]`. That there may be more between the two matters to few messages."""
    plain = [dim for i, dim in enumerate(dims) if dim != "..." or i == len(dims) - 1]
    return f"{kind}[{', '.join(plain)}]" if plain else kind


def shaped(kind: str, dims: Iterable[Dim], classes: Dim | None = None) -> str:
    """A kind of tensor with its sizes."""
    inside = ", ".join(size(d) for d in dims)
    if classes is not None:
        said, counted = size(classes), COUNTED[kind]
        inside += f"; {said}" if said == counted else f"; {said} {counted}"
    return f"{kind}[{inside}]" if inside else kind


def disagreement(name: str, wanted: Dim, found: Dim) -> str:
    """Why two sizes that should be one are not."""
    before, after = size(wanted), size(found)
    if before == after:
        return f"the {name} of different data"
    if wanted.value is None and found.value is None and not _is_of_step(wanted) and not _is_of_step(found):
        return f"{before} and {after} may differ"
    before, after = (f"the {text}" if text.startswith("batch of ") else text for text in (before, after))
    if name.isdecimal():
        return f"{before} wanted, and here {after}"
    return f"`{name.strip('{}')}` is {before}, and here {after}"


def open_sizes(dims: Iterable[Dim]) -> tuple[str, ...]:
    """What a message adds where sizes are known only from the data."""
    marked = {size(Dim.of(s)) for d in dims for s in d.symbols if _MARK.search(s)}
    if not marked:
        return ()
    *others, last = (f"`{name}`" for name in sorted(marked))
    listed, verb = (f"{', '.join(others)} and {last}", "are") if others else (last, "is")
    return (f"{listed} {verb} known only once the data are read",)


def _is_of_step(dim: Dim) -> bool:
    return any(symbol.startswith(ROWS) for symbol in dim.symbols)
