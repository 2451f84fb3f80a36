"""Settings that are a word, a number or a truth value."""

from collections.abc import Callable
from typing import Any

from ssldsl.check.state.reader import Reader
from ssldsl.check.state.values import UNKNOWN, Settings, describe
from ssldsl.errors import did_you_mean
from ssldsl.syntax import tree
from ssldsl.values import is_number

_MEANT = {  # what other tools call it
    **dict.fromkeys(("32", "float32", "float"), "fp32"),
    **dict.fromkeys(("16", "float16", "half"), "fp16"),
    "bfloat16": "bf16",
}


def read_choice(reader: Reader, name: str, options: tuple[str, ...]) -> str:
    """A setting that is one of a few words; empty where the spec does not say."""
    setting = reader.settings.get(name)
    if setting is None:
        return ""
    word = (
        setting.value.id
        if isinstance(setting.value, tree.Ref)
        else setting.value.value
        if isinstance(setting.value, tree.String)
        else ""
    )
    if word in options:
        return word
    text = setting.value.span.text
    meant = _MEANT.get(text.strip('"'), "")
    reader.error(
        "T302",
        name,
        f"`{name}` must be {', '.join(options[:-1])} or {options[-1]}, found `{text}`",
        "",
        f"write `{meant}`" if meant in options else did_you_mean(word, options) if word else "",
    )
    return options[0]


def _number(reader: Reader, name: str, holds: Callable[[Any], bool], wanted: str) -> Any:
    value = reader.value(name)
    if value is None or value is UNKNOWN or holds(value):
        return None if value is UNKNOWN else value
    reader.error("T302", name, f"`{name}` must be {wanted}, found {describe(value)}")
    return None


def read_clip(reader: Reader) -> tuple[float | None, bool]:
    """The largest norm of the gradient, and whether it is that of each tensor and not that of all together."""
    value = _number(reader, "clip", _limits, "a number above 0, the largest norm of the gradient, or `per_tensor(3.0)`")
    if isinstance(value, Settings):
        return float(dict(value.values)["norm"]), True
    return None if value is None else float(value), False


def _limits(value: Any) -> bool:
    return (is_number(value) and value > 0) or (isinstance(value, Settings) and value.op == "per_tensor")


def read_accumulate(reader: Reader) -> int:
    value = _number(
        reader,
        "accumulate",
        lambda v: isinstance(v, int) and not isinstance(v, bool) and v >= 1,
        "a whole number above 0, into how many parts a batch is split",
    )
    return value or 1


def read_flag(reader: Reader, name: str) -> bool:
    return bool(_number(reader, name, lambda v: isinstance(v, bool), "true or false"))
