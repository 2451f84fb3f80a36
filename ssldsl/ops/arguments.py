"""All that is wrong with the settings of a call, said at once."""

import re
from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from typing import Any

from attrs import frozen

from ssldsl.errors import Diagnostic, did_you_mean, listed, nearest
from ssldsl.ops import settings as types
from ssldsl.ops.fast_validation import fitted_settings
from ssldsl.ops.renamed import new_argument, present_argument
from ssldsl.ops.settings import SettingType, ranges, setting_type
from ssldsl.ops.signature import REQUIRED, SettingSpec, Signature
from ssldsl.source import Span
from ssldsl.types import Dim
from ssldsl.values import Combined, Constant, Curve, Duration, is_number, literal

Given = Mapping[str, tuple[Any, Span]]
Faults = Sequence[Mapping[str, Any]]  # as pydantic gives them
RANGE_ERRORS = frozenset(
    {"greater_than", "greater_than_equal", "less_than", "less_than_equal", "finite_number", "T303"}
)
CODES = frozenset({"T302", "T304", "D501", "D502"})


def said(value: Any) -> str:
    """What a message calls a value that needs no checker: a number, a text, a length, a schedule."""
    match value:
        case None | bool():
            return {None: "none", True: "true", False: "false"}[value]
        case int() | float():
            return f"the number {value:g}" if isinstance(value, float) or abs(value) > 10**15 else f"the number {value}"
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


def is_duration_in_quotes(found: Any) -> bool:
    """Whether somebody wrote `"30ep"`."""
    return isinstance(found, str) and re.fullmatch(r"\d+(\.\d+)?(ep|it|%)", found) is not None


def duration_advice(found: Any) -> str:
    """How a length of time is written instead of a bare number, or of a text."""
    if is_duration_in_quotes(found):
        return f"a duration stands without quotes: `{found}`"
    number = f"{found:g}" if isinstance(found, int | float) else "10"
    return f"write `{number}ep` (passes over the clock stream) or `{number}it` (steps)"


def order_advice(callee: str, order: Sequence[str], numbers: Sequence[str], found: Any) -> str:
    """Help for a bare number that came to stand, for want of a name, where a length of time does.

    order: what the call takes, in this order. numbers: those of them that are numbers; one of these may be meant.
    """
    taken = f"without names, `{callee}` takes {listed(order)}, in this order"
    if len(numbers) == 1:
        return f"{taken}: is `{numbers[0]}={literal(found)}` meant? a length of time has a unit, as in `30ep`"
    return f"{taken}: {listed(numbers)} are numbers, and a length of time has a unit, as in `30ep`"


def check_settings(
    signature: Signature,
    given: Given,
    call: Span,
    *,
    describe: Callable[[Any], str] = said,
    unknown: object = REQUIRED,
    items: Mapping[str, tuple[Span, ...]] | None = None,
    unnamed: Container[str] = (),
) -> tuple[dict[str, Any], list[Diagnostic]]:
    """All settings by name, those left out by their defaults; or everything that is wrong with those given.

    describe: what a message calls a value. unknown: stands for a value whose fault was reported where it arose.
    items: the places of the items of lists. unnamed: the settings whose values were given without their names.
    """
    silent = {name for name, (value, _) in given.items() if value is unknown}
    values = {name: _tuples(value) for name, (value, _) in given.items() if name not in silent}
    fitting = fitted_settings(signature, values)
    if fitting is not None:
        return fitting, []
    from ssldsl.ops.schema import validated  # pydantic: a spec with nothing wrong does not wait for it

    found, faults = validated(signature, values)
    checker = _Call(signature, given, values, call, describe, items or {}, unnamed)
    silent |= _meant(signature, values) - given.keys()  # missing, but given under a wrong name, which is reported
    problems = {name: checker.diagnostic(name, each) for name, each in faults.items() if name not in silent}
    return found, _of_one_order({n: p for n, p in problems.items() if n in unnamed}, problems)


def _of_one_order(unnamed: Mapping[str, Diagnostic], problems: Mapping[str, Diagnostic]) -> list[Diagnostic]:
    """A number for a time and a time for a number are one fault where both stand by their places: the order."""
    is_shifted = any(p.code == "D501" for p in unnamed.values())
    return [p for n, p in problems.items() if not (is_shifted and n in unnamed and p.code == "D502")]


def _meant(signature: Signature, given: Iterable[str]) -> set[str]:
    """The settings that are likely meant by names which are wrong."""
    names = [s.name for s in signature.settings]
    wrong = [name for name in given if signature.setting(name) is None]
    return {present_argument(signature.name, name) or nearest(name, names) or "" for name in wrong}


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
    unnamed: Container[str]

    def diagnostic(self, name: str, errors: Faults) -> Diagnostic:
        """What is said of one setting that is wrong, however many ways there are to be right."""
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
        takes = [*edges, *signature.given_sizes, *(s.name for s in signature.settings)]
        listed = f"it takes: {', '.join(takes)}" if takes else "it takes no arguments"
        guess = new_argument(signature.name, name) or did_you_mean(name, takes)
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
        help = self._advice(code, type_, found, spec.name)
        if not item and type_said.startswith("a list of") and code == "T302" and isinstance(found, str | int | float):
            help = f"a list stands in brackets: `[{', '.join([literal(found)] * _length(type_))}]`"
        return Diagnostic(code, message, place, help=help)

    def _advice(self, code: str, type_: SettingType, found: Any, name: str) -> str:
        if code == "D501":
            return self._of_time(name, found)
        if code == "D502" and found.unit == "%" and _wants_whole(type_):
            return "this is a count, and no share of anything"
        if code == "D502" and found.unit == "%":
            return f"a share is written as a number: `{found.value / 100:g}`"
        if code == "D502":
            return f"only a length of time has a unit: write `{found.value:g}`"
        if code == "T304":
            return accepted_schedules([s.name for s in self.signature.settings if s.scheduled])
        if isinstance(found, tuple) and found and all(is_number(value) for value in found):
            return self._of_several(name, found)
        if is_duration_in_quotes(found) and "duration" in str(type_):
            return duration_advice(found)
        if isinstance(found, str):
            meant = nearest(found, [c for c in choices(type_) if isinstance(c, str)])
            if meant is None and _wants_number(type_) and re.fullmatch(r"-?\d+(\.\d+)?(e-?\d+)?", found):
                return f"a number stands without quotes: `{found}`"
            return f'did you mean `"{meant}"`?' if meant else ""
        if isinstance(found, float) and found.is_integer() and _wants_whole(type_):
            return f"write `{int(found)}`"
        if isinstance(found, float) and 0 < found < 1 and "a percentage" in str(type_):
            return f"a share is written in percent: `{found * 100:g}%`"
        return ""

    def _of_time(self, name: str, found: Any) -> str:
        """Help for a bare number where a length of time is wanted: its unit, or, without a name, what it may be for."""
        order = [s.name for s in self.signature.settings]
        numbers = [s.name for s in self.signature.settings if _wants_number(setting_type(s.annotation))]
        is_length = name == order[0] and isinstance(found, int) and found >= 1  # `warmup(5)` lacks but a unit
        if name not in self.unnamed or not numbers or is_length or isinstance(self.values[name], tuple):
            return duration_advice(found)
        return order_advice(self.signature.name, order, numbers, found)

    def _of_several(self, name: str, values: tuple[float, ...]) -> str:
        """Help for a list of numbers where one is wanted: a sweep is meant, or rates of several networks."""
        swept = "several values are tried one after another by"
        if self.signature.role != "optimizers":
            return f"{swept} a `sweep`"
        swept = f"{swept} `sweep optimizer.{name} in {literal(values)}`"
        return f"{swept}; networks have values of their own in `groups = {{NET: {{{name}: {literal(values[0])}}}}}`"


def accepted_schedules(names: Sequence[str]) -> str:
    """Which settings of an op may change with time, in words."""
    if not names:
        return "it keeps one value for the whole run"
    if len(names) == 1:
        return f"of its settings, only `{names[0]}` accepts a schedule"
    return f"{', '.join(f'`{name}`' for name in names[:-1])} and `{names[-1]}` accept a schedule"


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
    return any(isinstance(t, types.Interval | types.Varying) for t in options)


def _wants_whole(type_: SettingType) -> bool:
    options = type_.options if isinstance(type_, types.Union) else (type_,)
    return any(isinstance(t, types.Interval) and t.whole for t in options)
