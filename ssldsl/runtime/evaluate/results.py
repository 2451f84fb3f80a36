"""What a metric gave, as the records hold it: valid JSON of bounded length, and a word for what is no number."""

import math
import numbers
import warnings
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from attrs import Factory, define
from torch import Tensor

from ssldsl.runtime.folder.results import array_file

LONGEST = 1024  # numbers that stand in a line of the records; more have a file of their own
MOST = 1_000_000  # numbers other than 0 that are written at all
Results = dict[str, Any]  # numbers, None for what is no number, lists, or which file has them


class NoResult(Exception):
    """A metric gave something else than numbers."""


@define
class Evaluated:
    """What the metrics of a stage gave.

    results: what a line of the records has, by name. arrays: what a file has instead. notes: what a person should know,
    by what it is about, since the same may be seen in every evaluation.
    """

    stage: str
    results: Results = Factory(dict)
    arrays: dict[str, Tensor] = Factory(dict)
    notes: dict[str, str] = Factory(dict)

    def add(self, name: str, result: object) -> None:
        """Add what a metric gave. Raises `NoResult`."""
        for full, value in _named(name, result):
            self.results[full] = self._recorded(full, _number_or_array(value))

    def take(self, other: "Evaluated") -> None:
        """Add what another evaluation gave, under other names."""
        self.results |= other.results
        self.arrays |= other.arrays
        self.notes |= other.notes

    def _recorded(self, name: str, value: float | Tensor) -> Any:
        if isinstance(value, float):
            if not math.isfinite(value):
                self.notes[name] = f"`{name}` is {_word(value)}: it is recorded as null"
            return value if math.isfinite(value) else None
        bad = int((~value.isfinite()).sum())
        if bad:
            self.notes[name] = (
                f"{bad} of the {value.numel()} numbers of `{name}` are not finite: they are recorded as null"
            )
        return _listed(value) if value.numel() <= LONGEST else self._filed(name, value)

    def _filed(self, name: str, value: Tensor) -> dict[str, Any]:
        cells = int(value.count_nonzero())
        if cells > MOST:
            self.notes[name] = f"`{name}` has {cells:,} numbers other than 0, which are too many to be recorded"
            return {"shape": list(value.shape)}
        self.arrays[name] = value.nan_to_num(0.0, 0.0, 0.0)
        return {"file": array_file(self.stage, name), "shape": list(value.shape)}


def _named(name: str, result: object) -> Iterator[tuple[str, object]]:
    """The parts of a NamedTuple by their names; anything else as it is."""
    if isinstance(result, tuple) and hasattr(result, "_fields"):
        for field, value in zip(result._fields, result, strict=True):
            yield f"{name}.{field}", value
    else:
        yield name, result


def _number_or_array(value: object) -> float | Tensor:
    if isinstance(value, numbers.Real):
        return float(value)
    if isinstance(value, Tensor) and not value.is_complex():
        array = value.detach().cpu().double()
        return float(array) if array.numel() == 1 and array.ndim < 2 else array
    kind = value.dtype if isinstance(value, Tensor) else type(value).__name__
    raise NoResult(f"it gave {kind}, and a metric gives a number, a tensor of numbers, or a NamedTuple of these")


def _word(value: float) -> str:
    return "not a number" if math.isnan(value) else "infinite"


def _listed(array: Tensor) -> Any:
    """Nested lists, with None for what is no finite number."""
    if array.ndim > 1:
        return [_listed(part) for part in array]
    return [value if math.isfinite(value) else None for value in array.tolist()]


def unfit_rows(values: Mapping[str, Tensor], name: str) -> dict[str, str]:
    """A note for every input of a metric with rows that are not numbers. values: the inputs, by the names of edges."""
    found = {}
    for edge, value in values.items():
        bad = int(value.flatten(1).isnan().any(dim=1).sum()) if value.is_floating_point() and value.ndim > 1 else 0
        if bad:
            of = f"{bad} of the {len(value)} samples of `{edge}` that `{name}` reads"
            found[f"{name}({edge})"] = f"{of} are not numbers: no metric of the library counts them as right"
    return found


def with_warnings(name: str, call: Callable[[], Any]) -> tuple[Any, dict[str, str]]:
    """What a call gives, and what its code warned of, as notes. Warnings for programmers go where they always go."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        result = call()
    notes = {}
    for one in caught:
        if issubclass(one.category, UserWarning | RuntimeWarning):
            text = str(one.message).strip().splitlines()[0].rstrip(".")
            notes[f"{name}: {text}"] = f"`{name}`: {text}"
        else:
            warnings.warn_explicit(one.message, one.category, one.filename, one.lineno)
    return result, notes
