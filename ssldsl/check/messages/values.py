"""T301 to T306 and T317 to T319: arguments, and the values that arguments, settings and params take."""

from collections.abc import Collection, Sequence
from typing import Any

from ssldsl.errors import Diagnostic, Note, did_you_mean, listed
from ssldsl.source import Span
from ssldsl.values import is_number

_CHOICES_MEANT = {  # what other tools call it
    **dict.fromkeys(("32", "float32", "float"), "fp32"),
    **dict.fromkeys(("64", "float64", "double"), "fp64"),
    **dict.fromkeys(("16", "float16", "half"), "fp16"),
    "bfloat16": "bf16",
}


def _ticked(names: Sequence[str]) -> list[str]:
    return [f"`{name}`" for name in names]


# --- arguments --------------------------------------------------------------------------------------------------


def missing_argument(
    callee: str, name: str, takes: Sequence[str], call: Span, declared: Span | None, example: str = ""
) -> Diagnostic:
    """A parameter without argument and without default."""
    notes = (Note(declared, "declared here"),) if declared is not None else ()
    help = f"it takes: {', '.join(takes)}" if len(takes) > 1 else ""
    help = f"{help}, as in `{example}`" if help and example else help
    return Diagnostic("T301", f"`{callee}` needs `{name}`", call, f"`{name}` is missing", notes, help=help)


def too_many_arguments(callee: str, takes: Sequence[str], place: Span) -> Diagnostic:
    """An argument without a name, where all parameters have theirs."""
    message = f"`{callee}` takes at most {len(takes)} argument{'s' if len(takes) != 1 else ''}"
    help = f"it takes: {', '.join(takes)}" if takes else "it takes no arguments"
    return Diagnostic("T305", message, place, "one too many", help=help)


def not_one_batch(callee: str, given: int, call: Span, help: str) -> Diagnostic:
    """A view or a network of something else than one batch. `callee`: `a view`, `a network`."""
    return Diagnostic("T305", f"{callee} takes one argument, a batch", call, f"{given} given here", help=help)


def given_twice(callee: str, name: str, place: Span) -> Diagnostic:
    """A second argument for one parameter."""
    return Diagnostic("T306", f"`{name}` of `{callee}` is given twice", place, "the second time")


def draw_without_count(what: str, call: Span) -> Diagnostic:
    """`draw(x)`. `what`: what is drawn."""
    help = f"for example `draw(2, {what})`"
    return Diagnostic("T301", "`draw` needs a count and what to draw", call, help=help)


def momentum_or_half_life(word: str, net: str, are_both: bool, call: Span) -> Diagnostic:
    """An average that does not say how fast it follows, or says it twice. `net`: what it follows, if that is said."""
    label = "both are given" if are_both else "none is given"
    help = f"for example `{word}({f'{net}, ' if net else ''}half_life=1ep)`"
    return Diagnostic("T301", f"`{word}` needs either `momentum` or `half_life`", call, label, help=help)


def part_not_said_once(op: str, ways: Sequence[str], said: Sequence[str], call: Span) -> Diagnostic:
    """A part of data that is described in no way, or in two."""
    found = f"{' and '.join(_ticked(said))} are given" if said else "none of them is given"
    message = f"what `{op}` takes is said by one of {listed(ways, 'or')}, and here {found}"
    return Diagnostic("T301", message, call, help=f"for example `{op}(..., {ways[0]}=100)`")


# --- values -----------------------------------------------------------------------------------------------------


def unfit_setting(name: str, wanted: str, found: str, place: Span, help: str = "") -> Diagnostic:
    """A setting of a stage that is something else. `wanted`: what it must be."""
    return Diagnostic("T302", f"`{name}` must be {wanted}, found {found}", place, help=help)


def no_choice(name: str, options: Sequence[str], word: str, place: Span) -> Diagnostic:
    """A setting that is none of a few words."""
    text = place.text
    meant = _CHOICES_MEANT.get(text.strip('"'), "")
    help = did_you_mean(word, options) if word else ""
    if meant in options:
        help = f"write `{meant}`"
    message = f"`{name}` must be {', '.join(options[:-1])} or {options[-1]}, found `{text}`"
    return Diagnostic("T302", message, place, help=help)


def no_weight(found: str, place: Span) -> Diagnostic:
    """A weight of a term that is no number."""
    return Diagnostic("T302", f"a weight is a number or a schedule, found {found}", place)


def no_size(op: str, name: str, found: str, place: Span) -> Diagnostic:
    """A width of a network that is no number."""
    help = "write a whole number above 0, or a width such as `encoder.dim`"
    return Diagnostic("T302", f"`{name}` of `{op}` is a size, found {found}", place, help=help)


def no_momentum(found: str, place: Span) -> Diagnostic:
    """A momentum that is no number."""
    return Diagnostic("T302", f"`momentum` is a number, found {found}", place)


def no_count_of_draws(value: Any, found: str, place: Span) -> Diagnostic:
    """A count of draws that is none, or out of range."""
    help = "" if is_number(value) else "the count comes first: `draw(2, flip(unlabeled))`"
    return Diagnostic("T302", f"`draw` wants a count from 1 to 1000, found {found}", place, help=help)


def momentum_out_of_range(found: object, place: Span) -> Diagnostic:
    """A momentum below 0 or above 1."""
    return Diagnostic("T303", f"`momentum` must be between 0 and 1, found {found}", place)


def average_out_of_range(name: str, limit: str, found: object, place: Span) -> Diagnostic:
    """A time of `swa` that lies outside of the run."""
    return Diagnostic("T303", f"`{name}` of `swa` must be {limit}, found {found}", place)


def not_longer_than_nothing(name: str, found: object, place: Span) -> Diagnostic:
    """A length of time of 0, or below."""
    return Diagnostic("T303", f"`{name}` must be longer than 0, found {found}", place)


def no_count_of_items(word: str, length: int, found: str, place: Span) -> Diagnostic:
    """A count of items that a list has not."""
    message = f"`{word}` of a list of {length} takes a count from 1 to {length}, found {found}"
    return Diagnostic("T303", message, place)


def too_many_samples(op: str, wanted: int, size: int, call: Span) -> Diagnostic:
    """A part of data that is larger than the data."""
    message = f"`{op}` takes {wanted:,} samples, and these data have {size:,}"
    return Diagnostic("T303", message, call, help="take fewer")


def no_sample_left(op: str, call: Span) -> Diagnostic:
    """A part of the data without any sample."""
    return Diagnostic("T303", f"`{op}` leaves no sample: all of these are left out", call, help="leave out fewer")


def empty_sweep(place: Span) -> Diagnostic:
    """A sweep without values."""
    return Diagnostic("T303", "a sweep has at least one value", place, "there is none")


# --- params -----------------------------------------------------------------------------------------------------


def no_type(name: str, types: Collection[str], place: Span) -> Diagnostic:
    """A type that the language has not."""
    return Diagnostic("T319", f"there is no type `{name}`", place, help=f"types are: {', '.join(types)}")


def of_another_type(name: str, wanted: str, found: str, place: Span) -> Diagnostic:
    """A param or argument of another type than is written."""
    help = ""
    if "not below 0" in wanted and place.text.startswith("-"):
        help = f"a weight is a factor; if {place.text} is its logarithm, write `10**{place.text}`"
    return Diagnostic("T319", f"`{name}` must be {wanted}, found {found}", place, help=help)


def no_plain_value(name: str, kind: str, found: str, place: Span) -> Diagnostic:
    """A param that is more than a value. `kind`: the word that declares such a thing."""
    help = f"declare it: `{kind} {name} = {place.text}`"
    return Diagnostic("T319", f"a param is a plain value, found {found}", place, help=help)


def broken_condition(name: str, place: Span, condition: Span) -> Diagnostic:
    """A param outside of what its `where` allows."""
    notes = (Note(condition, "the condition"),)
    return Diagnostic("T317", f"`{name}` = {place.text} breaks its condition", place, notes=notes)


def no_condition(name: str, found: str, place: Span) -> Diagnostic:
    """A `where` that is neither true nor false."""
    help = f"for example `where {name} > 0`"
    return Diagnostic("T318", f"`where` wants a condition, found {found}", place, help=help)


def no_keep(place: Span) -> Diagnostic:
    """Something else where the choice of a checkpoint is wanted."""
    message = "`keep` wants `best(NAME)` or `lowest(NAME)`, with the name of one evaluation, term or watch"
    help = "for example `keep = best(top1)`, or `keep = lowest(loss)`"
    return Diagnostic("T302", message, place, help=help)


def no_count_of_networks(most: int, found: str, place: Span) -> Diagnostic:
    """Something else where a list of networks says how many it has."""
    message = f"how many networks there are is a whole number from 1 to {most}, found {found}"
    return Diagnostic("T302", message, place, help="for example `head heads[5] = linear(encoder.dim, 10)`")


def best_of_nothing(place: Span) -> Diagnostic:
    """A choice among networks without the networks, or without what decides."""
    message = "`best` wants a list of networks and the term that decides"
    return Diagnostic("N203", message, place, help="for example `best(heads, by=assign)`")
