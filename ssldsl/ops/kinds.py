"""The closed vocabulary of annotations an op may use. Nothing else is understood by the static reader.

An edge of the graph (a parameter before `*`) is annotated `Kind[Tensor, "dims"]`:

    def entmin(logits: Logits[Tensor, "batch classes"]) -> Scalar[Tensor, ""]: ...

Names in `dims` are bound at the first use and must agree afterwards; `4*batch` multiplies; `{16*width}` is a number
made of settings; `...` at the end stands for whatever shape a row has. Behind a semicolon stands what the whole
numbers of `Labels` and `Positions` count: `Positions[Tensor, "batch; samples"]`. `Detached[...]` around a kind demands
a value that carries no gradient. A setting (a parameter after `*`) has one of the types below, or `bool`, `int`,
`float`, `str`, `Literal[...]`, `list[...]`, `tuple[...]`, or a union of those with `None`. `Scheduled[...]` around a
number admits a schedule; `Schedule` is one, which another schedule reads; `Annotated[float, Ge(0.001), Le(1)]` has
bounds of its own.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

from annotated_types import Ge, Gt, Le
from attrs import frozen

PositiveInt = Annotated[int, Gt(0)]
NonNegativeInt = Annotated[int, Ge(0)]
PositiveFloat = Annotated[float, Gt(0)]
NonNegativeFloat = Annotated[float, Ge(0)]
Fraction = Annotated[float, Ge(0), Le(1)]
Duration = Annotated[float, "a duration; steps once compiled"]
Count = Annotated[int | float, "a positive count, or a percentage of the whole given as a fraction"]
File = Annotated[str, "the name of a file, a whole path where it lies in the folder of the spec"]
Time = float
Schedule = Callable[[float, float], float]  # of the step and of the length of the run

if TYPE_CHECKING:
    # To a type checker `Logits[Tensor, "batch classes"]` is a Tensor with a remark, as jaxtyping does it.
    from typing import Annotated as Alike
    from typing import Annotated as Averaged
    from typing import Annotated as Embeddings
    from typing import Annotated as Features
    from typing import Annotated as Images
    from typing import Annotated as Labels
    from typing import Annotated as Logits
    from typing import Annotated as Losses
    from typing import Annotated as Masks
    from typing import Annotated as Pairs
    from typing import Annotated as Places
    from typing import Annotated as Points
    from typing import Annotated as Positions
    from typing import Annotated as Probs
    from typing import Annotated as Scalar
    from typing import Annotated as Scores
    from typing import Annotated as Values
    from typing import Annotated as Vectors
    from typing import Annotated as Weights

    _T = TypeVar("_T")
    Detached = Annotated[_T, "carries no gradient"]
    Scheduled = Annotated[_T, "may be a schedule"]
else:

    @frozen
    class TensorNote:
        """What an annotation says of a tensor: its kind and its dimensions as written."""

        kind: str
        dims: str
        detached: bool = False

    class _Kind:
        """`Logits[Tensor, "batch classes"]` becomes `Annotated[Tensor, TensorNote(...)]`."""

        def __init__(self, name: str) -> None:
            self.name = name

        def __getitem__(self, item: tuple[Any, str]) -> Any:
            tensor, dims = item
            return Annotated[tensor, TensorNote(self.name, dims)]

    class _Wrapper:
        """`Detached[...]` and `Scheduled[...]`: the inner annotation is what holds at run time."""

        def __getitem__(self, item: Any) -> Any:
            return item[0] if isinstance(item, tuple) else item

    Images, Vectors, Features, Embeddings = (_Kind(n) for n in ("Images", "Vectors", "Features", "Embeddings"))
    Logits, Probs, Labels, Pairs, Points, Scalar, Values = (
        _Kind(n) for n in ("Logits", "Probs", "Labels", "Pairs", "Points", "Scalar", "Values")
    )
    Positions, Places, Alike, Averaged = (_Kind(n) for n in ("Positions", "Places", "Alike", "Averaged"))
    Losses, Weights, Masks, Scores = (_Kind(n) for n in ("Losses", "Weights", "Masks", "Scores"))
    Detached, Scheduled = _Wrapper(), _Wrapper()

__all__ = [
    "Alike",
    "Averaged",
    "Count",
    "Detached",
    "Duration",
    "Embeddings",
    "Features",
    "File",
    "Fraction",
    "Images",
    "Labels",
    "Logits",
    "Losses",
    "Masks",
    "NonNegativeFloat",
    "NonNegativeInt",
    "Pairs",
    "Places",
    "Points",
    "Positions",
    "PositiveFloat",
    "PositiveInt",
    "Probs",
    "Scalar",
    "Schedule",
    "Scheduled",
    "Scores",
    "Time",
    "Values",
    "Vectors",
    "Weights",
]
