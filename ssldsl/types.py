"""Static types: symbolic dimensions and the kinds of value that flow along the edges of a graph."""

import ast
import operator
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import takewhile
from keyword import iskeyword
from math import prod
from typing import TypeVar

from attrs import field, frozen

Monomial = tuple[str, ...]
Term = tuple[Monomial, int]
Size = TypeVar("Size")
ROWS = "B_"  # begins the symbol for the rows that a step draws from a stream


@frozen(cache_hash=True)
class Dim:
    """A size as a polynomial with whole coefficients in named symbols, such as `4*B_unlabeled + B_labeled` or `512`.

    terms: sorted, none of them zero. A sum of many may be built and taken apart term by term: where the rows of every
        stream begin in a batch of hundreds.
    """

    terms: tuple[Term, ...]

    @staticmethod
    def of(value: "DimLike") -> "Dim":
        return value if isinstance(value, Dim) else _dim_of(value)

    @staticmethod
    def _from(coefficients: Mapping[Monomial, int]) -> "Dim":
        return Dim(tuple(sorted((m, c) for m, c in coefficients.items() if c)))

    def __add__(self, other: "DimLike") -> "Dim":
        few, many = sorted((self.terms, Dim.of(other).terms), key=len)
        total = list(many)
        for monomial, coefficient in few:
            at = bisect_left(total, (monomial,))
            there = total[at : at + 1]
            if there and there[0][0] == monomial:
                coefficient += there[0][1]
                total[at : at + 1] = [(monomial, coefficient)] if coefficient else []
            else:
                total.insert(at, (monomial, coefficient))
        return Dim(tuple(total))

    def __sub__(self, other: "DimLike") -> "Dim":
        ours, theirs = _without_common_start(self.terms, Dim.of(other).terms)
        ours, theirs = (terms[::-1] for terms in _without_common_start(ours[::-1], theirs[::-1]))
        return Dim(ours) + Dim(tuple((monomial, -coefficient) for monomial, coefficient in theirs))

    def __mul__(self, other: "DimLike") -> "Dim":
        if other == 1:
            return self
        product: dict[Monomial, int] = {}
        for left, a in self.terms:
            for right, b in Dim.of(other).terms:
                monomial = tuple(sorted(left + right))
                product[monomial] = product.get(monomial, 0) + a * b
        return Dim._from(product)

    __radd__ = __add__
    __rmul__ = __mul__

    @property
    def value(self) -> int | None:
        """The number, if no symbol is left in it."""
        if not self.terms:
            return 0
        return self.terms[0][1] if len(self.terms) == 1 and self.terms[0][0] == () else None

    def divided(self, by: int) -> "Dim | None":
        """The size divided by a number, or nothing if that leaves a rest."""
        if any(coefficient % by for _, coefficient in self.terms):
            return None
        return Dim(tuple((monomial, coefficient // by) for monomial, coefficient in self.terms))

    @property
    def symbols(self) -> frozenset[str]:
        return frozenset(s for monomial, _ in self.terms for s in monomial)

    def substitute(self, sizes: "Mapping[str, DimLike]") -> "Dim":
        """The same size with symbols replaced."""
        if sizes.keys().isdisjoint(self.symbols):  # nearly all sizes: a graph is verified after every pass
            return self
        total: dict[Monomial, int] = {}
        for monomial, coefficient in self.terms:
            for found, number in prod((Dim.of(sizes.get(s, s)) for s in monomial), start=Dim.of(coefficient)).terms:
                total[found] = total.get(found, 0) + number
        return Dim._from(total)

    def number(self, sizes: Mapping[str, int]) -> int:
        """The size where each symbol is a number; a `KeyError` of one that is none."""
        total = 0
        for monomial, coefficient in self.terms:
            for symbol in monomial:
                coefficient *= sizes[symbol]
            total += coefficient
        return total

    def __str__(self) -> str:
        def one(monomial: Monomial, coefficient: int) -> str:
            factors = ([str(coefficient)] if coefficient != 1 or not monomial else []) + list(monomial)
            return "*".join(factors)

        return "+".join(one(m, c) for m, c in reversed(self.terms)) or "0"


@lru_cache(maxsize=1024, typed=True)
def _dim_of(value: int | str) -> Dim:
    return Dim._from({(): value} if isinstance(value, int) else {(value,): 1})


def _without_common_start(ours: tuple[Term, ...], theirs: tuple[Term, ...]) -> tuple[tuple[Term, ...], ...]:
    same = sum(takewhile(bool, map(operator.eq, ours, theirs)))
    return ours[same:], theirs[same:]


DimLike = Dim | int | str
Solution = tuple[str, Dim | None] | None  # of one unknown: its name, and its size


def parse_dim(
    text: str,
    number: Callable[[str], "DimLike"] = lambda name: name,
    setting: "Callable[[str], DimLike] | None" = None,
) -> Dim:
    """Read `4*batch`, `512`, `{16*width}`, `{views}*batch` or `kept|rows*columns`. `ValueError` if malformed.

    number: says what a name stands for; of sizes with `|` between them the first counts whose names it knows, and it
        raises `KeyError` of the others. setting: what one in braces does, where that may be something else.
    """
    if text.isidentifier() and not iskeyword(text):
        return Dim.of(number(text))
    try:
        return _size(_expression(text), number, setting or number)
    except SyntaxError as error:
        raise ValueError(f"not a size: {text!r}") from error


def _size(node: ast.expr, number: "Callable[[str], DimLike]", setting: "Callable[[str], DimLike]") -> Dim:
    """What an expression of sizes stands for; `SyntaxError` of what is none. `KeyError` of a name passes through.

    A function of its own: one within `parse_dim` that calls itself would be garbage that only a search finds.
    """
    match node:
        case ast.Set(elts=[name]):
            return _size(name, setting, setting)
        case ast.Constant(value=int() as value):
            return Dim.of(value)
        case ast.Name(id=name):
            return Dim.of(number(name))
        case ast.BinOp(left=left, op=ast.BitOr(), right=right):
            try:
                return _size(left, number, setting)
            except KeyError:
                return _size(right, number, setting)
        case ast.BinOp(left=left, op=ast.Add() | ast.Sub() | ast.Mult() as op, right=right):
            return _OPERATIONS[type(op)](_size(left, number, setting), _size(right, number, setting))
    raise SyntaxError(ast.unparse(node))


_OPERATIONS: dict[type[ast.operator], Callable[[Dim, Dim], Dim]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
}


def with_names(dims: Sequence[str], shape: Sequence[Size]) -> Iterator[tuple[str, Size]]:
    """Each dimension of an annotation with its size; what a `...` stands for is left out."""
    at = dims.index("...") if "..." in dims else len(dims)
    yield from zip(dims[:at], shape[:at], strict=True)
    yield from zip(dims[at + 1 :], shape[len(shape) - len(dims) + at + 1 :] if at < len(dims) else (), strict=True)


@lru_cache(maxsize=1024)
def _expression(text: str) -> ast.expr:
    """A size as Python reads it; nobody changes what is remembered."""
    return ast.parse(text, mode="eval").body


def solve_dim(text: str, found: Dim, number: Callable[[str], DimLike], setting: Callable[[str], DimLike]) -> Solution:
    """What `4*batch` says where 80 rows are found: `("batch", 20)`.

    `number` and `setting` raise `KeyError` for a name without a size. Nothing comes out if there is not exactly one,
    or if it is not multiplied by a number; no size where a rest is left.
    """
    free: list[str] = []

    def size(name: str) -> DimLike:
        try:
            return number(name)
        except KeyError:
            free.append(name)
            return f"?{name}"

    ((monomial, factor), *others) = parse_dim(text, size, setting).terms or (((), 0),)
    if others or len(set(free)) != 1 or monomial != (f"?{free[0]}",):
        return None
    return free[0], found.divided(factor)


# What each kind of tensor means; the keys are the names an annotation may use (`ssldsl.ops.kinds`).
KINDS: Mapping[str, str] = {
    "Images": "float images in [0, 1] or normalized, batch first",
    "Vectors": "float vectors as they come from the data",
    "Features": "what a network makes of its input, not normalized",
    "Embeddings": "rows of unit length",
    "Logits": "unnormalized scores of classes",
    "Probs": "rows that sum to one",
    "Labels": "whole numbers from 0 to classes - 1",
    "Positions": "for every row the number of its sample in its stream: whole numbers from 0 to samples - 1",
    "Places": "some places of every row, such as patches of an image: whole numbers from 0 to places - 1",
    "Pairs": "a value for every pair of rows",
    "Rows": "which samples the rows of a batch are: index, pass and copy",
    "Points": "places in a picture, a row each: across, upwards, class, and 1 for a mark",
    "Losses": "a loss for every row",
    "Weights": "a number from 0 to 1 for every row, such as a confidence",
    "Masks": "1 for what counts, 0 for what does not",
    "Scores": "scores or probabilities of classes: what has a largest class",
    "Scalar": "a single number",
    "Values": "any float tensor",
    "Alike": "rows of any kind; all that one op takes and gives as such are of one kind",
    "Averaged": "rows of any kind that has a mean; what an op gives as such is a mean of them",
}
# What each kind of whole numbers counts. They are no floats, and carry no gradient.
COUNTED: Mapping[str, str] = {"Labels": "classes", "Positions": "samples", "Places": "places"}
WHOLE_NUMBERS = frozenset(COUNTED)
LIKE_INPUT = frozenset({"Alike", "Averaged"})  # the kinds of edges and results whose kind is that of what comes in
AVERAGED: Mapping[str, str] = {"Embeddings": "Features", "Masks": "Weights"}  # the mean of these is of another kind

# A parameter of the kind on the left takes a value of the kinds on the right.
ACCEPTS: Mapping[str, frozenset[str]] = {
    "Images": frozenset({"Images"}),
    "Vectors": frozenset({"Vectors", "Features", "Embeddings", "Logits"}),
    "Features": frozenset({"Features", "Vectors", "Embeddings", "Logits"}),
    "Embeddings": frozenset({"Embeddings"}),
    "Logits": frozenset({"Logits", "Features"}),
    "Probs": frozenset({"Probs"}),
    "Labels": frozenset({"Labels"}),
    "Positions": frozenset({"Positions", "Labels"}),
    "Places": frozenset({"Places"}),
    "Pairs": frozenset({"Pairs"}),
    "Rows": frozenset({"Rows"}),
    "Points": frozenset({"Points"}),
    "Losses": frozenset({"Losses"}),
    "Weights": frozenset({"Weights", "Masks"}),
    "Masks": frozenset({"Masks"}),
    "Scores": frozenset({"Logits", "Features", "Probs"}),
    "Scalar": frozenset({"Scalar"}),
    "Values": frozenset(KINDS) - {"Rows", "Points", *LIKE_INPUT, *WHOLE_NUMBERS},
    "Alike": frozenset(KINDS) - {"Rows", "Points", "Scalar", *LIKE_INPUT},
    "Averaged": frozenset(KINDS) - {"Rows", "Points", "Scalar", *LIKE_INPUT, *WHOLE_NUMBERS},
}


def _dims(values: "Iterable[DimLike]") -> tuple[Dim, ...]:
    return tuple(Dim.of(value) for value in values)


@frozen
class TensorType:
    """A tensor: what its numbers mean, and its shape.

    classes: of whole numbers, how many there are of what they count (`COUNTED`).
    """

    kind: str
    dims: tuple[Dim, ...] = field(default=(), converter=_dims)
    classes: Dim | None = None

    @property
    def is_of_batch(self) -> bool:
        """Whether its rows are those of a batch, of which a process has a share. What a memory holds every one has."""
        return bool(self.dims) and any(s.startswith(ROWS) for monomial, _ in self.dims[0].terms for s in monomial)

    def __str__(self) -> str:
        inside = ", ".join(str(d) for d in self.dims)
        if self.classes is not None:
            inside += f"; {self.classes} {COUNTED[self.kind]}"
        return f"{self.kind}[{inside}]" if inside else self.kind


@frozen
class TupleType:
    """Several named tensors that one op gives at once."""

    fields: tuple[tuple[str, TensorType], ...]

    def __str__(self) -> str:
        return "(" + ", ".join(f"{name}: {type_}" for name, type_ in self.fields) + ")"


@frozen
class NetType:
    """A network: takes `source`, gives `target`. Its batch dimension is the symbol `batch`.

    A source is said where it takes several rows for each that it gives: `4*batch`.
    """

    source: TensorType | None
    target: TensorType
    couples_batch: bool = False  # a row of the output depends on the other rows (batch normalization)

    @property
    def rows_taken(self) -> int:
        """How many rows it takes for each row of `batch`."""
        rows = self.source.dims[0].substitute({"batch": 1}).value if self.source is not None else 1
        return rows or 1

    def __str__(self) -> str:
        return f"Net[{self.source or 'any'} -> {self.target}]"


@frozen
class DataType:
    """A data set: its fields (without the batch dimension), how many samples, and whether losses may see it.

    `provenance` of the label: `true`, `pseudo(stage)`, or none where there is no label.
    """

    fields: tuple[tuple[str, TensorType], ...]
    size: Dim
    role: str = "train"  # "train" or "test"
    provenance: str = "true"
    unlabeled_by: str = ""  # the text that took the labels away, for messages

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(name for name, _ in self.fields)

    def __str__(self) -> str:
        inside = ", ".join(f"{name}: {type_}" for name, type_ in self.fields)
        return f"Data[{inside}] x {self.size}"


@frozen
class SplitsType:
    """The named splits of a data set."""

    splits: tuple[tuple[str, DataType], ...]

    def __str__(self) -> str:
        return "Splits[" + ", ".join(name for name, _ in self.splits) + "]"


Type = TensorType | TupleType | NetType | DataType | SplitsType


def is_data(type_: Type) -> bool:
    """Whether something is samples as they lie on the disk, and no value of a step."""
    return isinstance(type_, DataType | SplitsType)
