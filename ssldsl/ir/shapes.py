"""The types of what the compiler itself puts into a graph: applications of networks, slices, concatenations."""

from collections.abc import Mapping, Sequence

from attrs import evolve

from ssldsl.ir.nodes import Node
from ssldsl.types import DataType, Dim, DimLike, NetType, SplitsType, TensorType, TupleType, Type


def applied(net: NetType, value: TensorType) -> TensorType:
    """The type of a network's output for this input, whose rows are a multiple of those that it takes for one."""
    rows = value.dims[0].divided(net.rows_taken)
    bound: dict[str, DimLike] = {"batch": value.dims[0] if rows is None else rows}
    if net.source is not None:
        for wanted, found in zip(net.source.dims[1:], value.dims[1:], strict=False):
            if len(wanted.symbols) == 1 and str(wanted) in wanted.symbols:
                bound.setdefault(str(wanted), found)
    return substituted(net.target, bound)


def substituted(type_: TensorType, sizes: Mapping[str, DimLike]) -> TensorType:
    """The type with symbols replaced."""
    classes = None if type_.classes is None else type_.classes.substitute(sizes)
    return TensorType(type_.kind, tuple(d.substitute(sizes) for d in type_.dims), classes)


def with_sizes(type_: Type, sizes: Mapping[str, DimLike]) -> Type:
    """Any type with symbols replaced."""

    def fields(of: tuple[tuple[str, TensorType], ...]) -> tuple[tuple[str, TensorType], ...]:
        return tuple((name, substituted(t, sizes)) for name, t in of)

    def data(of: DataType) -> DataType:
        return evolve(of, fields=fields(of.fields), size=Dim.of(of.size).substitute(sizes))

    match type_:
        case TensorType():
            return substituted(type_, sizes)
        case TupleType():
            return TupleType(fields(type_.fields))
        case DataType():
            return data(type_)
        case SplitsType():
            return SplitsType(tuple((name, data(d)) for name, d in type_.splits))
        case NetType():
            source = None if type_.source is None else substituted(type_.source, sizes)
            return NetType(source, substituted(type_.target, sizes), type_.couples_batch)


def with_rows(type_: TensorType, rows: Dim) -> TensorType:
    """The same type with this many rows."""
    return TensorType(type_.kind, (rows, *type_.dims[1:]), type_.classes)


def rows_of(type_: TensorType) -> Dim:
    return type_.dims[0]


def joined(types: Sequence[TensorType]) -> TensorType:
    """The type of a concatenation: the rows of all, of the first one's shape."""
    rows = sum((t.dims[0] for t in types), Dim.of(0))
    return with_rows(types[0], rows)


def tensors(node: Node) -> list[TensorType] | None:
    """The types of a node's inputs, if there are any and all are tensors."""
    found = [value.type for value in node.inputs if isinstance(value.type, TensorType)]
    return found if found and len(found) == len(node.inputs) else None


def as_largest(node: Node) -> TensorType | None:
    """The type of the input with the most dimensions, where all are tensors: a single number goes with any shape."""
    found = tensors(node)
    return None if found is None else max(found, key=lambda type_: len(type_.dims))


def as_input(node: Node) -> TensorType | None:
    """The type of the first input, where all are tensors."""
    found = tensors(node)
    return None if found is None else found[0]
