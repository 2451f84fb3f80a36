"""`stdlib/renamed.toml`: what former names of the library are called now, for the errors about them."""

from functools import cache
from typing import Any

from ssldsl.resources import stdlib


def new_name(name: str) -> str:
    """Advice about the former name of an op or definition, or nothing."""
    return _advice(name, _table()["names"].get(name))


def new_argument(function: str, name: str) -> str:
    """Advice about the former name of an argument of `function`, or nothing."""
    return _advice(name, present_argument(function, name))


def present_argument(function: str, name: str) -> str | None:
    """What the argument of `function` that was called `name` is called now."""
    found: str | None = _table()["arguments"].get(function, {}).get(name)
    return found


def new_attribute(name: str) -> str:
    """Advice about the former name of a field, or nothing."""
    return _advice(name, _table()["attributes"].get(name))


def _advice(old: str, new: str | None) -> str:
    return f"`{old}` is now called `{new}`" if new else ""


@cache
def _table() -> dict[str, dict[str, Any]]:
    """Read at the first name that is wrong: a spec without one does not pay for it."""
    import tomllib

    return tomllib.loads((stdlib() / "renamed.toml").read_text(encoding="utf-8"))
