"""Edits of a spec as Python values, in the words of the command line: `set`, `drop`, `variant`."""

from collections.abc import Iterable, Mapping
from typing import Any

from ssldsl.errors import Diagnostic, SpecError
from ssldsl.runtime.folder.request import Edits

Values = Mapping[str, Any]
Names = str | Iterable[str]


def edits_of(set: Values, drop: Names, variant: Names) -> Edits:
    """The edits as a command would have them. Raises R304 for a value that the language has no word for."""
    sets = tuple(f"{path}={written(value, path)}" for path, value in set.items())
    return Edits(_names(variant), sets, _names(drop))


def written(value: Any, path: str = "") -> str:
    """A value as the language writes it: `5ep` as it stands, `True` as `true`, lists and tables item by item."""
    match value:
        case str():
            return value
        case None:
            return "none"
        case bool():
            return str(value).lower()
        case int() | float():
            return repr(value)
        case list() | tuple():
            return f"[{', '.join(written(item, path) for item in value)}]"
        case dict():
            return f"{{{', '.join(f'{key}: {written(item, path)}' for key, item in value.items())}}}"
    raise SpecError(
        Diagnostic(
            "R304",
            f"`{path}` is set to a {type(value).__name__}, which the language has no word for",
            help="give a number, or the text that would stand in the spec, such as '5ep' or 'cosine()'",
        )
    )


def _names(names: Names) -> tuple[str, ...]:
    return (names,) if isinstance(names, str) else tuple(names)
