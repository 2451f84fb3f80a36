"""T320: ranges of sweeps."""

from collections.abc import Collection

from ssldsl.errors import Diagnostic, did_you_mean
from ssldsl.source import Span

_MEANT = {
    **dict.fromkeys(("loguniform", "log_uniform", "geometric"), "log"),
    **dict.fromkeys(("linear", "float", "real"), "uniform"),
    **dict.fromkeys(("randint", "integer", "whole", "range"), "int"),
    **dict.fromkeys(("lograndint", "logint"), "log_int"),
}  # what other tools call them


def no_such_range(word: str, words: Collection[str], place: Span) -> Diagnostic:
    """A range by a name that there is not."""
    known = ", ".join(f"`{name}(low, high)`" for name in words)
    help = f"write `{_MEANT[word]}(low, high)`" if word in _MEANT else did_you_mean(word, words)
    if word in ("choice", "categorical"):
        help = "values to choose from are a list: `sweep w in [0.1, 1.0]`"
    return Diagnostic("T320", f"there is no range `{word}`", place, help=help or f"a range is {known}")


def not_two_ends(word: str, place: Span) -> Diagnostic:
    """A range without its ends."""
    help = f"for example `{word}(8, 64)`" if "int" in word else f"for example `{word}(0.001, 0.1)`"
    return Diagnostic("T320", "a range has two ends", place, help=help)


def other_argument(word: str, place: Span) -> Diagnostic:
    """An argument that no range, or not this one, takes."""
    help = "only `int` takes `step`" if word != "int" else "it takes two ends and `step`"
    return Diagnostic("T320", f"`{word}` does not take `{place.text}`", place, help=help)


def no_step(place: Span) -> Diagnostic:
    """A step that is no step."""
    help = "every 8th value is `step=8`; every value, no `step`"
    return Diagnostic("T320", f"`step` is a whole number above 0, found `{place.text}`", place, help=help)


def no_end(place: Span) -> Diagnostic:
    """An end that is no number, or is computed."""
    message = f"the ends of a range are numbers that are written out, found `{place.text}`"
    return Diagnostic("T320", message, place, help="write the number that it comes to")


def units_differ(low: str, high: str, place: Span) -> Diagnostic:
    """Ends that do not measure the same."""
    units = [f"`{unit}`" if unit else "no unit" for unit in (low, high)]
    message = f"the ends of a range have one unit, found {units[0]} and {units[1]}"
    return Diagnostic("T320", message, place, help=f"write `{high or low}` behind both")


def not_upwards(low: str, high: str, word: str, place: Span) -> Diagnostic:
    """A range without numbers in it."""
    help = f"one value needs no range: `[{low}]`" if low == high else f"write `{word}({high}, {low})`"
    return Diagnostic("T320", "a range goes from a lower number to a higher one", place, help=help)


def not_above_zero(word: str, place: Span) -> Diagnostic:
    """A logarithm of what has none."""
    message = f"`{word}` begins above 0, found `{place.text}`"
    return Diagnostic("T320", message, place, help="orders of magnitude have no 0: begin at 1e-6, or use `uniform`")


def not_whole(word: str, place: Span) -> Diagnostic:
    """An end of whole numbers that is none."""
    help = "write it without a point, or use `log`" if "log" in word else "write it without a point, or use `uniform`"
    return Diagnostic("T320", f"`{word}` goes over whole numbers, found `{place.text}`", place, help=help)
