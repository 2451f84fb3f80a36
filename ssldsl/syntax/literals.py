"""Numbers, quantities and strings: what their text means, how they are written, and what people write instead."""

import re
from typing import Literal, cast

Unit = Literal["ep", "it", "%"]

UNITS: dict[str, Unit] = {
    **dict.fromkeys(("ep", "epoch", "epochs"), "ep"),
    **dict.fromkeys(("it", "iter", "iters", "iteration", "iterations", "step", "steps"), "it"),
    **dict.fromkeys(("%", "percent", "pct"), "%"),
}
ESCAPES = {"n": "\n", "t": "\t", '"': '"', "\\": "\\"}

_QUANTITY = re.compile(r"(.*?)(ep|it|%)", re.DOTALL)
_PARTS = re.compile(r"(\d[\d_]*)?(?:\.(\d[\d_]*)?)?(?:[eE]([+-]?\d+)?(?![A-Za-z]))?(.*)", re.DOTALL)
_LONGEST = 400  # digits: more than any float has


def number_value(text: str) -> int | float:
    """The value of a number: an int where no point or exponent was written."""
    return int(text) if text.replace("_", "").isdigit() else float(text)


def quantity_parts(text: str) -> tuple[int | float, Unit]:
    """The value and the unit of `200ep`, `500it`, `10%`."""
    match = _QUANTITY.fullmatch(text)
    assert match, text
    return number_value(match[1]), cast(Unit, match[2])


def quantity_text(value: int | float, unit: str) -> str:
    """A quantity as it is written."""
    return f"{number_text(value)}{unit}"


def number_text(value: int | float) -> str:
    """A number as it is written: the shortest text that means the same."""
    return repr(value)


def is_finite(text: str) -> bool:
    """Whether the digits of a number or quantity mean something a float can hold."""
    return len(text) <= _LONGEST and float(text.rstrip("epit%")) != float("inf")


def string_value(text: str) -> str:
    """What a string in quotes says."""
    return re.sub(r"\\(.)", lambda match: ESCAPES.get(match[1], match[1]), text[1:-1])


def string_text(value: str) -> str:
    """A string in quotes, on one line."""
    escaped = value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\t", "\\t")
    return f'"{escaped}"'


def unknown_escape(text: str) -> str:
    r"""The first `\x` of a string in quotes that means nothing, or nothing."""
    found = (match[0] for match in re.finditer(r"\\(.)", text[1:-1]) if match[1] not in ESCAPES)
    return next(found, "")


def repair(run: str) -> tuple[str, str]:
    """What a malformed number was meant to be, and how to say so.

    `run` is all that is glued to the digits, as `200epochs`, `1e`, `.5`, `1.`, `1__0`.
    """
    match = _PARTS.match(run)
    assert match, run
    whole, fraction, exponent, rest = match.groups()
    digits = _clean(whole) or "0"
    if "." in run[: match.start(4)]:
        digits += f".{_clean(fraction) or '0'}"
    if exponent:
        digits += f"e{exponent}"
    unit = UNITS.get(rest.lower(), "")
    meant = digits + unit
    if not exponent and re.fullmatch(r"[\d._]*[eE]", run):
        return meant, f"write the exponent after the `e`, for example `{digits}e-3`"
    if rest and not unit:
        return meant, "units are `ep` (epochs), `it` (steps) and `%`, glued to the number: `30ep`"
    return meant, f"write `{meant}`"


def _clean(digits: str | None) -> str:
    return re.sub(r"__+", "_", digits or "").strip("_")
