"""The types of what the compiler itself puts into a graph: applications of networks, slices, concatenations."""

from collections.abc import Mapping, Sequence

from ssldsl.types import Dim, DimLike, NetType, TensorType


def applied(net: NetType, value: TensorType) -> TensorType:
    """The type of a network's output for this input."""
    bound: dict[str, DimLike] = {"batch": value.dims[0]}
    if net.source is not None:
        for wanted, found in zip(net.source.dims[1:], value.dims[1:], strict=False):
            if len(wanted.symbols) == 1 and str(wanted) in wanted.symbols:
                bound.setdefault(str(wanted), found)
    return substituted(net.target, bound)


def substituted(type_: TensorType, sizes: Mapping[str, DimLike]) -> TensorType:
    """The type with symbols replaced."""
    classes = None if type_.classes is None else type_.classes.substitute(sizes)
    return TensorType(type_.kind, tuple(d.substitute(sizes) for d in type_.dims), classes)


def divided(size: Dim, by: int) -> Dim | None:
    """A size divided by a number, if that leaves no rest."""
    if any(coefficient % by for _, coefficient in size.terms):
        return None
    return Dim(tuple((monomial, coefficient // by) for monomial, coefficient in size.terms))


def with_rows(type_: TensorType, rows: Dim) -> TensorType:
    """The same type with this many rows."""
    return TensorType(type_.kind, (rows, *type_.dims[1:]), type_.classes)


def rows_of(type_: TensorType) -> Dim:
    return type_.dims[0]


def joined(types: Sequence[TensorType]) -> TensorType:
    """The type of a concatenation: the rows of all, of the first one's shape."""
    rows = sum((t.dims[0] for t in types), Dim.of(0))
    return with_rows(types[0], rows)
