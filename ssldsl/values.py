"""Values that are neither plain numbers nor tensors: lengths of time, and numbers that change with time."""

from typing import Any, Literal

from attrs import field, frozen

from ssldsl.source import Span


@frozen
class Duration:
    """A length of time: `ep` passes over the clock stream, `it` optimizer steps, `%` of the stage's run."""

    value: float
    unit: Literal["ep", "it", "%"]

    def __str__(self) -> str:
        return f"{self.value:g}{self.unit}"

    def in_steps(self, steps_per_epoch: float) -> float:
        """The steps of a length of time that is no share of a run."""
        return self.value * (steps_per_epoch if self.unit == "ep" else 1)


@frozen
class Constant:
    value: float

    def __str__(self) -> str:
        return f"{self.value:g}"


@frozen
class Curve:
    """A schedule op of the library: a factor that is a function of the step alone."""

    op: str
    settings: tuple[tuple[str, Any], ...] = ()
    span: Span | None = field(default=None, eq=False, repr=False)
    extent: int = field(init=False, eq=False, repr=False)  # of all that is written in it, once for every place

    @extent.default
    def _extent(self) -> int:
        return 1 + sum(extent_of(setting) for _, setting in self.settings)

    def __str__(self) -> str:
        return f"{self.op}({', '.join(f'{k}={v}' for k, v in self.settings)})"


@frozen
class Combined:
    """`+`, `*`, `-`, `/` of scalars, or `then`: the first for its length, then the second, whose time starts there.

    length: of a `then`, the length of `left`.
    """

    op: Literal["+", "-", "*", "/", "then"]
    left: "Scalar"
    right: "Scalar"
    length: Duration | None = None
    depth: int = field(init=False, eq=False, repr=False)  # of scalars inside scalars
    extent: int = field(init=False, eq=False, repr=False)  # of all that is written in it, once for every place

    @depth.default
    def _depth(self) -> int:
        return 1 + max(side.depth if isinstance(side, Combined) else 0 for side in (self.left, self.right))

    @extent.default
    def _extent(self) -> int:
        return 1 + extent_of(self.left) + extent_of(self.right)

    def __str__(self) -> str:
        left = f"({self.left})" if isinstance(self.left, Combined) else str(self.left)
        right = f"({self.right})" if isinstance(self.right, Combined) else str(self.right)
        return f"{left} {self.op} {right}"


Scalar = Constant | Curve | Combined


def extent_of(value: Any) -> int:
    """How long a value is when it is written out: what two names stand for twice is there twice."""
    return getattr(value, "extent", 1)


def is_number(value: Any) -> bool:
    """Whether a value is a plain number; `true` is none."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def is_scalar(value: Any) -> bool:
    """Whether a value is a number, fixed or changing with time."""
    return is_number(value) or isinstance(value, Scalar)


def literal(value: Any) -> str:
    """A setting as the language writes it."""
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return f'"{value}"'
    if isinstance(value, tuple | list):
        return f"[{', '.join(literal(v) for v in value)}]"
    return repr(value) if isinstance(value, int | float) else str(value)
