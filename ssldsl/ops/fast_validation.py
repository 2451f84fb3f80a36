"""Settings that plainly fit their types, taken without a model: a spec with nothing wrong never waits for pydantic.

What fits here, the model of `ssldsl.ops.schema` takes with the same result; all else is left to it.
"""

import math
from collections.abc import Mapping
from typing import Any

from ssldsl.ops import settings as types
from ssldsl.ops.settings import SettingType, setting_type
from ssldsl.ops.signature import REQUIRED, Signature
from ssldsl.types import Dim
from ssldsl.values import Combined, Constant, Curve, Duration

UNCLEAR = object()  # the value may be right or wrong: the model knows
_EXACT = 2**53  # whole numbers up to here are floats


def fitted_settings(signature: Signature, values: Mapping[str, Any]) -> dict[str, Any] | None:
    """All settings by name, those left out by their defaults; nothing if any of them takes a closer look."""
    found = {}
    for spec in signature.settings:
        value = values.get(spec.name, spec.default)
        found[spec.name] = UNCLEAR if value is REQUIRED else fitted(setting_type(spec.annotation), value)
    known = found.keys() >= values.keys()
    return found if known and all(value is not UNCLEAR for value in found.values()) else None


def fitted(type_: SettingType, value: Any) -> Any:
    """The value as a setting of this type holds it, or `UNCLEAR`."""
    match type_:
        case types.Interval():
            return _size(type_, value) if isinstance(value, Dim) else _number(type_, value)
        case types.Varying():
            return value if isinstance(value, Curve | Combined) else _number(type_.number, value)
        case types.Course():
            return value if isinstance(value, Curve | Combined) else UNCLEAR
        case types.Flag():
            return value if isinstance(value, bool) else UNCLEAR
        case types.Text() | types.FileName():
            return value if type(value) is str else UNCLEAR
        case types.Time():
            return value if isinstance(value, Duration) else UNCLEAR
        case types.Amount():
            return value if _is_amount(value) else UNCLEAR
        case types.Choice():
            return value if any(type(v) is type(value) and v == value for v in type_.values) else UNCLEAR
        case types.Sequence():
            return _sequence(type_, value)
        case types.Union():
            return _one_of(type_, value)


def _is_amount(value: Any) -> bool:
    if isinstance(value, Duration):
        return value.unit == "%" and 0 < value.value <= 100
    return type(value) is int and value >= 1


def _number(type_: types.Interval, value: Any) -> Any:
    if isinstance(value, Constant):
        value = value.value
    if type(value) is not int and (type_.whole or type(value) is not float):
        return UNCLEAR
    if not math.isfinite(value) or abs(value) > _EXACT:
        return UNCLEAR
    low, high = type_.low, type_.high
    inside = (low is None or value > low or (value == low and not type_.above)) and (
        high is None or value < high or (value == high and not type_.below)
    )
    return UNCLEAR if not inside else value if type_.whole else float(value)


def _size(type_: types.Interval, value: Dim) -> Any:
    """A size that is known only with the data passes: it is a positive number then."""
    if not type_.whole:
        return UNCLEAR
    return value if value.value is None else _number(type_, value.value)


def _sequence(type_: types.Sequence, value: Any) -> Any:
    if not isinstance(value, tuple) or (type_.item is None and len(value) != len(type_.each)):
        return UNCLEAR
    each = type_.each if type_.item is None else (type_.item,) * len(value)
    items = tuple(fitted(t, v) for t, v in zip(each, value, strict=True))
    return UNCLEAR if any(item is UNCLEAR for item in items) else items


def _one_of(type_: types.Union, value: Any) -> Any:
    """What the one option that fits makes of the value; of several, the model chooses."""
    if value is None:
        return None if type_.nothing else UNCLEAR
    fits = [found for option in type_.options if (found := fitted(option, value)) is not UNCLEAR]
    return fits[0] if len(fits) == 1 else UNCLEAR
