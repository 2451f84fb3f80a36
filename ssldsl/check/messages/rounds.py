"""D520 to D522: rounds of a stage."""

from collections.abc import Sequence

from ssldsl.errors import Diagnostic
from ssldsl.source import Span


def no_number_of_rounds(stage: str, place: Span, is_number: bool) -> Diagnostic:
    """`stage refine[0]`, or rounds whose number is not known before the spec is read."""
    message = f"`stage {stage}[...]` takes a number of rounds"
    label = "not a whole number above 0" if is_number else "neither a whole number nor a param of this file with one"
    return Diagnostic("D521", message, place, label, help=f"for example `stage {stage}[5]`")


def too_many_rounds(count: int, most: int, place: Span) -> Diagnostic:
    """Rounds beyond the budget of a program."""
    message = f"{count:,} rounds make this program too large"
    return Diagnostic("D520", message, place, "each is a stage of its own", help=f"there is room for {most:,} here")


def no_number_of_round(stage: str, place: Span) -> Diagnostic:
    """A stage that is named like a round, without a whole number."""
    return Diagnostic("D521", f"a round is called `{stage}.0`, `{stage}.1` and so on", place, "no such name")


def no_round(stage: str, rounds: Sequence[str], place: Span) -> Diagnostic:
    """A round beyond the last."""
    numbers = [int(name.rpartition(".")[2]) for name in rounds]
    is_whole = numbers == list(range(numbers[0], numbers[0] + len(numbers)))
    listed = f"`{rounds[0]}` to `{rounds[-1]}`" if len(rounds) > 1 and is_whole else ", ".join(f"`{r}`" for r in rounds)
    return Diagnostic("D503", f"there is no stage `{stage}`", place, help=f"the rounds are {listed}")


def outside_of_rounds(word: str, place: Span) -> Diagnostic:
    """`round` or `previous` where there is none."""
    message = f"`{word}` has a meaning only inside a stage with rounds"
    what = "the number of the round, from 0" if word == "round" else "the round before"
    return Diagnostic("D522", message, place, f"{what}: of which stage?", help="write `stage NAME[5] after ... {`")


def nothing_previous(stage: str, place: Span) -> Diagnostic:
    """`previous` in a first round that comes after no stage."""
    name = stage.partition(".")[0]
    message = f"before the first round of `{name}` there is no stage"
    help = f"say what it begins from: `stage {name}[5] after warm {{`"
    return Diagnostic(
        "D522", message, place, "the round before, and in the first round what the stage comes after", help=help
    )
