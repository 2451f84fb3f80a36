"""The words of the language that are called like functions, for `ssldsl ops NAME`; section 16 of the reference."""

from collections.abc import Mapping
from types import MappingProxyType

WORDS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "stop": ("stop(x)", "the same value without gradient"),
        "mean": (
            "mean(losses)",
            "the mean over all rows, and over the items of a list",
        ),
        "sum": ("sum(list)", "one loss, one number, or one tensor of several"),
        "concat": ("concat(list)", "one batch or tensor of several"),
        "draw": ("draw(n, x)", "n independent draws of an expression"),
        "first": ("first(list, n)", "a part of a list; without a count the first item itself"),
        "last": ("last(list, n)", "a part of a list; without a count the last item itself"),
        "swap": ("swap(list)", "the list turned round: of two views, for each the other one"),
        "best": (
            "best(nets, by=term)",
            "in an `eval`, the network of a list that a term is lowest of; `best(name)` is what `keep` takes",
        ),
        "rest": ("rest(net)", "the network in evaluation mode, without gradient"),
        "steady": ("steady(net)", "the network taking no note of the batch"),
        "ema": (
            "ema(net, momentum=..., half_life=...)",
            "a moving average of a network, one of the two: `net teacher = ema(model, half_life=1ep)`",
        ),
        "polyak": (
            "polyak(half_life=..., momentum=...)",
            "an average of all weights that are trained: `average = polyak(half_life=1ep)`",
        ),
        "swa": (
            "swa(start=..., every=..., statistics=...)",
            "the mean of the weights at some steps: `average = swa(start=75%, every=1ep)`",
        ),
        "per_tensor": ("per_tensor(norm)", "what `clip` takes, where each tensor has its own limit"),
        "weights": ('weights("file", key=..., prefix=...)', "weights in a file, for `init`"),
        "run": ('run("folder", stage=...)', "the weights that another run ended with, for `init`"),
    }
)


def show_word(name: str) -> str:
    """One word as a person reads it; nothing for any other name."""
    if name not in WORDS:
        return ""
    form, gives = WORDS[name]
    return f"{form}\n  {gives}\n\n  a word of the language: docs/language.md, section 16\n"
