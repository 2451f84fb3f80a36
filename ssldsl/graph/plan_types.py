"""The types of a plan: those of `ssldsl.types` as plain data, so that who reads a plan never reads a type from text.

`planned` and `known` lead from one form to the other, and nothing else does.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Annotated, Literal

from pydantic import Field

from ssldsl.graph.part import Part
from ssldsl.types import DataType, Dim, NetType, SplitsType, TensorType, TupleType, Type


class Product(Part):
    """`factor * symbols[0] * symbols[1] * ...`."""

    factor: int
    symbols: tuple[str, ...]


Size = int | tuple[Product, ...]  # a number; or a sum with sizes that are known when the modules are built


class TensorPlan(Part):
    """A tensor: what its numbers mean (`Images`, `Logits`, ...), and its shape. `classes`: of labels, how many."""

    form: Literal["tensor"] = "tensor"
    kind: str
    dims: tuple[Size, ...] = ()
    classes: Size | None = None


class TuplePlan(Part):
    """Several named tensors that one op gives at once."""

    form: Literal["tuple"] = "tuple"
    fields: dict[str, TensorPlan]


class NetPlan(Part):
    """A network: takes `source` (any value, if none), gives `target`."""

    form: Literal["net"] = "net"
    source: TensorPlan | None = None
    target: TensorPlan
    couples_batch: bool = False


class DataPlan(Part):
    """A data set: what a sample of it is, and how many there are."""

    form: Literal["data"] = "data"
    fields: dict[str, TensorPlan]
    size: Size
    role: str = "train"
    provenance: str = "true"
    unlabeled_by: str = ""


class SplitsPlan(Part):
    """The named splits of a data set."""

    form: Literal["splits"] = "splits"
    splits: dict[str, DataPlan]


TypePlan = Annotated[TensorPlan | TuplePlan | NetPlan | DataPlan | SplitsPlan, Field(discriminator="form")]


def planned(type_: Type) -> TypePlan:
    """A type as a plan holds it."""
    match type_:
        case TensorType():
            return _tensor(type_)
        case TupleType(fields):
            return TuplePlan(fields=_tensors(fields))
        case NetType(source, target, couples_batch):
            taken = None if source is None else _tensor(source)
            return NetPlan(source=taken, target=_tensor(target), couples_batch=couples_batch)
        case DataType():
            return _data(type_)
        case SplitsType(splits):
            return SplitsPlan(splits={name: _data(data) for name, data in splits})


def _tensor(type_: TensorType) -> TensorPlan:
    classes = None if type_.classes is None else _size(type_.classes)
    return TensorPlan(kind=type_.kind, dims=tuple(_size(dim) for dim in type_.dims), classes=classes)


def _tensors(fields: Iterable[tuple[str, TensorType]]) -> dict[str, TensorPlan]:
    return {name: _tensor(type_) for name, type_ in fields}


def _data(type_: DataType) -> DataPlan:
    return DataPlan(
        fields=_tensors(type_.fields),
        size=_size(type_.size),
        role=type_.role,
        provenance=type_.provenance,
        unlabeled_by=type_.unlabeled_by,
    )


def _size(dim: Dim) -> Size:
    if dim.value is not None:
        return dim.value
    return tuple(Product(factor=factor, symbols=symbols) for symbols, factor in dim.terms)


def known(plan: TypePlan) -> Type:
    """The type that a plan holds: the way back from `planned`."""
    match plan:
        case TensorPlan():
            return _known_tensor(plan)
        case TuplePlan(fields=fields):
            return TupleType(_known_tensors(fields))
        case NetPlan(source=source, target=target):
            taken = None if source is None else _known_tensor(source)
            return NetType(taken, _known_tensor(target), plan.couples_batch)
        case DataPlan():
            return _known_data(plan)
        case SplitsPlan(splits=splits):
            return SplitsType(tuple((name, _known_data(data)) for name, data in splits.items()))


def _known_tensor(plan: TensorPlan) -> TensorType:
    classes = None if plan.classes is None else known_size(plan.classes)
    return TensorType(plan.kind, tuple(known_size(dim) for dim in plan.dims), classes)


def _known_tensors(fields: dict[str, TensorPlan]) -> tuple[tuple[str, TensorType], ...]:
    return tuple((name, _known_tensor(tensor)) for name, tensor in fields.items())


def _known_data(plan: DataPlan) -> DataType:
    fields = _known_tensors(plan.fields)
    return DataType(fields, known_size(plan.size), plan.role, plan.provenance, plan.unlabeled_by)


def known_size(size: Size) -> Dim:
    """A size that can be calculated with."""
    if isinstance(size, int):
        return Dim.of(size)
    return Dim(tuple((product.symbols, product.factor) for product in size))


def is_of_kind(type_: TypePlan, kind: str) -> bool:
    """Whether a type is that of one tensor of a kind."""
    return isinstance(type_, TensorPlan) and type_.kind == kind


def tensors_of(type_: TypePlan) -> Iterator[TensorPlan]:
    """Every tensor in a type: itself, its fields, what a network takes and gives, the fields of every split."""
    match type_:
        case TensorPlan():
            yield type_
        case TuplePlan(fields=fields) | DataPlan(fields=fields):
            yield from fields.values()
        case NetPlan(source=source, target=target):
            yield from (target,) if source is None else (source, target)
        case SplitsPlan(splits=splits):
            for data in splits.values():
                yield from data.fields.values()


def with_tensors(type_: TypePlan, change: Callable[[TensorPlan], TensorPlan]) -> TypePlan:
    """The type with each of its tensors changed."""
    match type_:
        case TensorPlan():
            return change(type_)
        case TuplePlan(fields=fields) | DataPlan(fields=fields):
            return type_.model_copy(update={"fields": {name: change(tensor) for name, tensor in fields.items()}})
        case NetPlan(source=source, target=target):
            taken = None if source is None else change(source)
            return type_.model_copy(update={"source": taken, "target": change(target)})
        case SplitsPlan(splits=splits):
            changed = {name: with_tensors(data, change) for name, data in splits.items()}
            return type_.model_copy(update={"splits": changed})
