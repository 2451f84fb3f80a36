"""The settings of an op as a pydantic model derived from its signature: what validates them, and their JSON schema."""

import functools
import operator
from collections.abc import Callable, Mapping
from typing import Annotated, Any, Literal, cast

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    PlainValidator,
    ValidationError,
    WithJsonSchema,
    WrapValidator,
    create_model,
)
from pydantic_core import ErrorDetails, PydanticCustomError

from ssldsl.ops import settings as types
from ssldsl.ops.settings import SettingType, setting_type
from ssldsl.ops.signature import REQUIRED, SettingSpec, Signature
from ssldsl.types import Dim
from ssldsl.values import Combined, Constant, Curve, Duration

PREFIX = "f_"  # of the model's own field names, so that a setting may be called `copy` or `schema`

_models: dict[tuple[str, str], type[BaseModel]] = {}


def settings_model(signature: Signature) -> type[BaseModel]:
    """The closed, strict model of the settings. Fields go by the settings' names as aliases."""
    key = (signature.name, signature.digest or repr(signature.settings))
    if key not in _models:
        fields = {PREFIX + s.name: (python_type(setting_type(s.annotation)), _field(s)) for s in signature.settings}
        config = ConfigDict(
            extra="forbid", strict=True, allow_inf_nan=False, validate_default=True, title=signature.name
        )
        # the keyword arguments of `create_model` are fields: no overload describes a mapping of them
        _models[key] = cast(type[BaseModel], create_model(signature.name, __config__=config, **fields))  # type: ignore[call-overload]
    return _models[key]


def validated(signature: Signature, values: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, list[ErrorDetails]]]:
    """All settings by name, those left out by their defaults; or what is wrong with them, by name."""
    try:
        model = settings_model(signature).model_validate(values)
    except ValidationError as error:
        faults: dict[str, list[ErrorDetails]] = {}
        for details in error.errors(include_url=False):
            name = str(details["loc"][0])
            # a default goes by the model's own name
            faults.setdefault(name if name in values else name.removeprefix(PREFIX), []).append(details)
        return {}, faults
    return {s.name: getattr(model, PREFIX + s.name) for s in signature.settings}, {}


def _field(spec: SettingSpec) -> Any:
    if spec.default is REQUIRED:
        return Field(alias=spec.name)
    return Field(default=spec.default, alias=spec.name)


# --- types -------------------------------------------------------------------------------------------------------


def python_type(type_: SettingType) -> Any:
    """The annotation that pydantic checks a setting by."""
    match type_:
        case types.Interval():
            return Annotated[_bounded(type_), WrapValidator(_whole if type_.whole else _number)]
        case types.Varying():
            number = _bounded(type_.number)
            return Annotated[number, WrapValidator(_varying), WithJsonSchema(_or_text(type_.number, SCHEDULE))]
        case types.Course():
            return Annotated[Any, PlainValidator(_course), WithJsonSchema(SCHEDULE)]
        case types.Flag():
            return bool
        case types.Text() | types.FileName():
            return str
        case types.Time():
            return Annotated[Duration, PlainValidator(_duration), WithJsonSchema(DURATION)]
        case types.Amount():
            return Annotated[Any, PlainValidator(_amount), WithJsonSchema(AMOUNT)]
        case types.Choice():
            return Literal[type_.values]
        case types.Sequence(item=None):
            return tuple[tuple(python_type(t) for t in type_.each)]  # type: ignore[misc]  # made at run time
        case types.Sequence():
            return tuple[python_type(type_.item), ...]  # type: ignore[misc, arg-type]  # made at run time
        case types.Union():
            options = tuple(python_type(t) for t in type_.options)
            return functools.reduce(operator.or_, (*options, None) if type_.nothing else options)


def _bounded(number: types.Interval) -> Any:
    bounds: dict[str, Any] = {} if number.high is None else {"lt" if number.below else "le": number.high}
    if number.low is not None:
        bounds["gt" if number.above else "ge"] = number.low
    return Annotated[int if number.whole else float, Field(**bounds)]


DURATION = {"type": "string", "pattern": r"^\d+(\.\d+)?(ep|it|%)$", "description": "a duration: 30ep, 500it, 10%"}
AMOUNT = {"anyOf": [{"type": "integer", "minimum": 1}, {"type": "string", "pattern": r"^\d+(\.\d+)?%$"}]}
SCHEDULE = {"type": "string", "description": "a schedule: 0.1 * cosine()"}


def _or_text(number: types.Interval, text: dict[str, str]) -> dict[str, Any]:
    high = "exclusiveMaximum" if number.below else "maximum"
    bounds: dict[str, Any] = {} if number.high is None else {high: number.high}
    if number.low is not None:
        bounds["exclusiveMinimum" if number.above else "minimum"] = number.low
    return {"anyOf": [{"type": "integer" if number.whole else "number", **bounds}, text]}


def _number(value: Any, check: Callable[[Any], Any]) -> Any:
    if isinstance(value, Duration):
        raise PydanticCustomError("D502", "a duration")
    if isinstance(value, Curve | Combined):
        raise PydanticCustomError("T304", "a schedule")
    return check(value.value if isinstance(value, Constant) else value)


def _whole(value: Any, check: Callable[[Any], Any]) -> Any:
    """A size that is known only with the data passes: it is a positive number then."""
    if isinstance(value, Dim):
        return value if value.value is None else check(value.value)
    return _number(value, check)


def _varying(value: Any, check: Callable[[Any], Any]) -> Any:
    return value if isinstance(value, Curve | Combined) else _number(value, check)


def _course(value: Any) -> Any:
    if isinstance(value, Curve | Combined):
        return value
    raise PydanticCustomError("T302", "no schedule")


def _duration(value: Any) -> Duration:
    if isinstance(value, Duration):
        return value
    bare = isinstance(value, int | float) and not isinstance(value, bool)
    raise PydanticCustomError("D501" if bare else "T302", "no duration")


def _amount(value: Any) -> Any:
    if isinstance(value, Duration) and value.unit == "%":
        if not 0 < value.value <= 100:
            raise PydanticCustomError("T303", "no percentage")
        return value
    if isinstance(value, Dim):
        return value if value.value is None else _amount(value.value)
    if isinstance(value, bool) or not isinstance(value, int):
        raise PydanticCustomError("T302", "no count")
    if value < 1:
        raise PydanticCustomError("T303", "no count")
    return value


# --- for editors and other tools ---------------------------------------------------------------------------------


def export(signature: Signature) -> dict[str, Any]:
    """An op as plain data, its settings as a JSON schema: for editors and other tools."""
    return {
        "name": signature.name,
        "role": signature.role,
        "summary": signature.summary,
        "edges": [{"name": e.name, "kind": e.kind, "dims": list(e.dims), "many": e.many} for e in signature.edges],
        "sizes": list(signature.sizes),
        "settings": settings_model(signature).model_json_schema(by_alias=True),
        "outputs": [{"name": o.name, "kind": o.kind, "dims": list(o.dims)} for o in signature.outputs],
        "random": signature.uses_rng or bool(signature.traits.random),
        "paper": signature.traits.paper,
    }
