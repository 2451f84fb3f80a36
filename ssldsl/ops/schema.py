"""The settings of an op as a pydantic model derived from its signature; all that is wrong with a call, said at once."""

import functools
import operator
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Any, Literal, cast

from attrs import frozen
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

from ssldsl.errors import Diagnostic, did_you_mean, nearest
from ssldsl.ops import settings as types
from ssldsl.ops.settings import SettingType, ranges, setting_type
from ssldsl.ops.signature import REQUIRED, SettingSpec, Signature
from ssldsl.source import Span
from ssldsl.types import Dim
from ssldsl.values import Combined, Constant, Curve, Duration, literal

Given = Mapping[str, tuple[Any, Span]]
RANGE_ERRORS = frozenset(
    {"greater_than", "greater_than_equal", "less_than", "less_than_equal", "finite_number", "T303"}
)
CODES = frozenset({"T302", "T304", "D501", "D502"})
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


def _field(spec: SettingSpec) -> Any:
    if spec.default is REQUIRED:
        return Field(alias=spec.name)
    return Field(default=spec.default, alias=spec.name)


# --- types -------------------------------------------------------------------------------------------------------


def python_type(type_: SettingType) -> Any:
    """The annotation that pydantic checks a setting by."""
    match type_:
        case types.Number():
            return Annotated[_bounded(type_), WrapValidator(_whole if type_.whole else _number)]
        case types.Varying():
            number = _bounded(type_.number)
            return Annotated[number, WrapValidator(_varying), WithJsonSchema(_or_text(type_.number, SCHEDULE))]
        case types.Flag():
            return bool
        case types.Text():
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


def _bounded(number: types.Number) -> Any:
    bounds: dict[str, Any] = {} if number.high is None else {"le": number.high}
    if number.low is not None:
        bounds["gt" if number.above else "ge"] = number.low
    return Annotated[int if number.whole else float, Field(**bounds)]


DURATION = {"type": "string", "pattern": r"^\d+(\.\d+)?(ep|it|%)$", "description": "a duration: 30ep, 500it, 10%"}
AMOUNT = {"anyOf": [{"type": "integer", "minimum": 1}, {"type": "string", "pattern": r"^\d+(\.\d+)?%$"}]}
SCHEDULE = {"type": "string", "description": "a schedule: 0.1 * cosine()"}


def _or_text(number: types.Number, text: dict[str, str]) -> dict[str, Any]:
    bounds: dict[str, Any] = {} if number.high is None else {"maximum": number.high}
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


# --- calls -------------------------------------------------------------------------------------------------------


def said(value: Any) -> str:
    """What a message calls a value."""
    match value:
        case None | bool():
            return {None: "none", True: "true", False: "false"}[value]
        case int() | float():
            return f"the number {value:g}" if isinstance(value, float) else f"the number {value}"
        case str():
            return f'the text "{value}"'
        case Duration():
            return f"the percentage {value}" if value.unit == "%" else f"the duration {value}"
        case Constant() | Curve() | Combined():
            return "a schedule"
        case tuple() | list():
            return f"a list of {len(value)}"
        case Dim():
            return f"the size {value}"
        case _:
            return "something else"


def check_settings(
    signature: Signature,
    given: Given,
    call: Span,
    *,
    describe: Callable[[Any], str] = said,
    unknown: object = REQUIRED,
    items: Mapping[str, tuple[Span, ...]] | None = None,
) -> tuple[dict[str, Any], list[Diagnostic]]:
    """All settings by name, those left out by their defaults; or everything that is wrong with those given.

    describe: what a message calls a value. unknown: stands for a value whose fault was reported where it arose.
    items: the places of the items of lists.
    """
    silent = {name for name, (value, _) in given.items() if value is unknown}
    values = {name: _tuples(value) for name, (value, _) in given.items() if name not in silent}
    try:
        model = settings_model(signature).model_validate(values)
    except ValidationError as error:
        checker = _Call(signature, given, values, call, describe, items or {})
        return {}, checker.diagnostics(error, silent)
    return {s.name: getattr(model, PREFIX + s.name) for s in signature.settings}, []


def _tuples(value: Any) -> Any:
    return tuple(_tuples(v) for v in value) if isinstance(value, list | tuple) else value


@frozen
class _Call:
    """One call whose settings are wrong."""

    signature: Signature
    given: Given
    values: Mapping[str, Any]
    span: Span
    describe: Callable[[Any], str]
    items: Mapping[str, tuple[Span, ...]]

    def diagnostics(self, error: ValidationError, silent: set[str]) -> list[Diagnostic]:
        """One for every setting that is wrong, however many ways there are to be right."""
        by_name: dict[str, list[ErrorDetails]] = {}
        for details in error.errors(include_url=False):
            name = str(details["loc"][0])
            if name not in self.values:  # a default goes by the model's own name
                name = name.removeprefix(PREFIX)
            by_name.setdefault(name, []).append(details)
        return [self._diagnostic(name, errors) for name, errors in by_name.items() if name not in silent]

    def _diagnostic(self, name: str, errors: Sequence[ErrorDetails]) -> Diagnostic:
        spec = self.signature.setting(name)
        if spec is None:
            return self._no_such(name)
        if name not in self.given:
            return self._missing(spec) if spec.default is REQUIRED else self._bad_default(spec)
        kinds = [e["type"] for e in errors]
        code = next((k for k in kinds if k in CODES and k != "T302"), None)
        worst = next(
            (e for e in errors if e["type"] == code or (code is None and e["type"] in RANGE_ERRORS)), errors[0]
        )
        found, place = self._found(name, worst["loc"][1:])
        if code is None and worst["type"] in RANGE_ERRORS:
            return self._out_of_range(spec, found, place)
        return self._wrong_type(spec, code or "T302", found, place)

    def _found(self, name: str, path: Sequence[int | str]) -> tuple[Any, Span]:
        """The value that is wrong, and its place: the whole setting, or an item of a list."""
        value, place, items = self.values[name], self.given[name][1], self.items.get(name, ())
        for step in path:
            if isinstance(step, int) and isinstance(value, tuple) and step < len(value):
                place = items[step] if value is self.values[name] and step < len(items) else place
                value = value[step]
        return value, place

    def _no_such(self, name: str) -> Diagnostic:
        signature = self.signature
        edges = () if constructs(signature) else tuple(e.name for e in signature.edges)
        takes = [*edges, *signature.sizes, *(s.name for s in signature.settings)]
        listed = f"it takes: {', '.join(takes)}" if takes else "it takes no arguments"
        guess = did_you_mean(name, takes)
        message = f"`{signature.name}` has no argument `{name}`"
        return Diagnostic("N203", message, self.given[name][1], hints=(listed,) if guess else (), help=guess or listed)

    def _missing(self, spec: SettingSpec) -> Diagnostic:
        label = f"`{spec.name}` is missing"
        help = f"give it {wanted(spec)}: `{self.signature.name}({spec.name}=...)`"
        return Diagnostic("T301", f"`{self.signature.name}` needs `{spec.name}`", self.span, label, help=help)

    def _bad_default(self, spec: SettingSpec) -> Diagnostic:
        message = f"the default of `{spec.name}` of `{self.signature.name}` is not {wanted(spec)}"
        place = f"the op is defined in {self.signature.path}:{self.signature.line}"
        return Diagnostic("R202", message, self.span, hints=(place,), help=f"pass `{spec.name}`, or correct the op")

    def _out_of_range(self, spec: SettingSpec, found: Any, place: Span) -> Diagnostic:
        bounds = ranges(setting_type(spec.annotation)) or "finite"
        said = f"{found:g}" if isinstance(found, float) else str(found)
        subject = f"`{spec.name}` of `{self.signature.name}`"
        if bounds.startswith("each "):
            bounds, subject = bounds.removeprefix("each "), f"every item of {subject}"
        return Diagnostic("T303", f"{subject} must be {bounds}, found {said}", place)

    def _wrong_type(self, spec: SettingSpec, code: str, found: Any, place: Span) -> Diagnostic:
        type_ = setting_type(spec.annotation)
        item = found is not self.values[spec.name]
        subject = f"an item of `{spec.name}`" if item else f"`{spec.name}`"
        type_said = _item(type_) if item else str(type_)
        message = f"{subject} of `{self.signature.name}` wants {type_said}, found {self.describe(found)}"
        help = self._advice(code, type_, found)
        if not item and type_said.startswith("a list of") and code == "T302" and isinstance(found, str | int | float):
            help = f"a list stands in brackets: `[{', '.join([literal(found)] * _length(type_))}]`"
        return Diagnostic(code, message, place, help=help)

    def _advice(self, code: str, type_: SettingType, found: Any) -> str:
        if code == "D501":
            return f"write `{found:g}ep` for passes over the clock stream, or `{found:g}it` for optimiser steps"
        if code == "D502" and found.unit == "%":
            return f"a share is written as a number: `{found.value / 100:g}`"
        if code == "D502":
            return f"only a length of time has a unit: write `{found.value:g}`"
        if code == "T304":
            scheduled = " and ".join(f"`{s.name}`" for s in self.signature.settings if s.scheduled)
            return (
                f"only {scheduled} may change with time" if scheduled else "this one stays the same for the whole run"
            )
        if isinstance(found, str):
            meant = nearest(found, [c for c in choices(type_) if isinstance(c, str)])
            if meant is None and _wants_number(type_) and re.fullmatch(r"-?\d+(\.\d+)?(e-?\d+)?", found):
                return f"a number stands without quotes: `{found}`"
            return f'did you mean `"{meant}"`?' if meant else ""
        if isinstance(found, float) and found.is_integer() and _wants_whole(type_):
            return f"write `{int(found)}`"
        return ""


def constructs(signature: Signature) -> bool:
    """Whether a call describes something that gets its edges later."""
    if signature.role == "data":
        return not signature.edges
    return signature.role in ("views", "nets", "heads", "schedules", "optimizers")


def wanted(spec: SettingSpec) -> str:
    """The type of a setting and its bounds, in words."""
    type_ = setting_type(spec.annotation)
    bounds = ranges(type_)
    return f"{type_}, {bounds}" if bounds else str(type_)


def choices(type_: SettingType) -> tuple[Any, ...]:
    """The values a setting can name."""
    match type_:
        case types.Choice():
            return type_.values
        case types.Sequence(item=item) if item is not None:
            return choices(item)
        case types.Union():
            return tuple(c for t in type_.options for c in choices(t))
        case _:
            return ()


def _item(type_: SettingType) -> str:
    if isinstance(type_, types.Union):
        type_ = next((t for t in type_.options if isinstance(t, types.Sequence)), type_)
    if isinstance(type_, types.Sequence):
        return str(type_.item) if type_.item else " or ".join(dict.fromkeys(str(t) for t in type_.each))
    return str(type_)


def _length(type_: SettingType) -> int:
    """How many items a list must have; one if that is free."""
    options = type_.options if isinstance(type_, types.Union) else (type_,)
    return next((len(t.each) for t in options if isinstance(t, types.Sequence) and t.each), 1)


def _wants_number(type_: SettingType) -> bool:
    options = type_.options if isinstance(type_, types.Union) else (type_,)
    return any(isinstance(t, types.Number | types.Varying) for t in options)


def _wants_whole(type_: SettingType) -> bool:
    options = type_.options if isinstance(type_, types.Union) else (type_,)
    return any(isinstance(t, types.Number) and t.whole for t in options)


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
        "random": signature.uses_rng,
        "paper": signature.facts.paper,
    }
