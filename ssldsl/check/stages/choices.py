"""Settings that are a word, a number or a truth value."""

from collections.abc import Callable
from typing import Any

from ssldsl.check.messages import values
from ssldsl.check.state.reader import Reader
from ssldsl.check.state.values import UNKNOWN, Settings, describe
from ssldsl.ir.program import Clip, Keep
from ssldsl.syntax import tree
from ssldsl.syntax.walk import dotted
from ssldsl.values import is_number


def choice(*options: str) -> Callable[[Reader, str], str]:
    """A reader of a setting that is one of a few words, or a text with one of them."""

    def read(reader: Reader, name: str) -> str:
        written = reader.expression(name)
        word = ""
        if isinstance(written, tree.Ref):
            word = written.id
        if isinstance(written, tree.String):
            word = written.value
        if word in options:
            return word
        reader.report(values.no_choice(name, options, word, reader.place(name)))
        return options[0]

    return read


def _number(reader: Reader, name: str, holds: Callable[[Any], bool], wanted: str, help: str = "") -> Any:
    value = reader.value(name)
    if value is UNKNOWN or holds(value):
        return None if value is UNKNOWN else value
    reader.report(values.unfit_setting(name, wanted, describe(value), reader.place(name), help))
    return None


def read_clip(reader: Reader, name: str) -> Clip | None:
    """The largest norm of the gradient, of all tensors together or of each."""
    value = _number(reader, name, _limits, "a number above 0, the largest norm of the gradient, or `per_tensor(3.0)`")
    if isinstance(value, Settings):
        return Clip(float(dict(value.values)["norm"]), is_per_tensor=True)
    return None if value is None else Clip(float(value))


def _limits(value: Any) -> bool:
    is_each = isinstance(value, Settings) and value.op == "per_tensor"
    return value is None or is_each or (is_number(value) and value > 0)


def read_keep(reader: Reader, name: str) -> Keep | None:
    """Whose best value decides which checkpoint counts: its name is looked up once all evaluations are read."""
    written = reader.expression(name)
    if written is None or isinstance(written, tree.Nothing):
        return None
    if isinstance(written, tree.Call) and isinstance(written.function, tree.Ref) and len(written.arguments) == 1:
        said = dotted(written.arguments[0].value)
        if written.function.id in ("best", "lowest") and said and written.arguments[0].name is None:
            return Keep(said, written.function.id == "lowest")
    reader.report(values.no_keep(reader.place(name)))
    return None


def read_accumulate(reader: Reader, name: str) -> int:
    """Into how many parts a batch is split."""
    wanted = "a whole number above 0, into how many parts a batch is split"
    return _number(reader, name, lambda v: _is_whole(v) and v >= 1, wanted) or 1


def read_flag(reader: Reader, name: str) -> bool:
    """Whether something is wanted."""
    return bool(_number(reader, name, lambda v: isinstance(v, bool), "true or false"))


def read_seed(reader: Reader, name: str) -> int:
    """A whole number, 0 where the spec says none."""
    wanted, help = "a whole number not below 0", "for example `seed = 1`; `--seed 0..4` runs several"
    return _number(reader, name, lambda v: _is_whole(v) and v >= 0, wanted, help) or 0


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)
