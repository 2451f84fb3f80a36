"""L6xx: what is allowed and probably not meant."""

from collections.abc import Sequence

from ssldsl.errors import Diagnostic, Note
from ssldsl.source import Span


def _warning(code: str, message: str, place: Span, label: str = "", help: str = "") -> Diagnostic:
    return Diagnostic(code, message, place, label, help=help, severity="warning")


def unused_name(name: str, kind: str, place: Span) -> Diagnostic:
    """A declaration without effect."""
    return _warning("L602", f"`{name}` is never used", place, f"this {kind} has no effect")


def takes_nothing_over(stage: str, before: str, shared: Sequence[str], place: Span) -> Diagnostic:
    """A stage that begins afresh what the one before has trained. `shared`: the networks that both train."""
    message = f"stage `{stage}` comes after `{before}` and takes nothing over from it: its networks begin afresh"
    help = f"write `init {', '.join(shared)} from {before}`, or leave `after {before}` out"
    return _warning("L613", message, place, help=help)


def never_completes(op: str, length: str, run: str, place: Span) -> Diagnostic:
    """A ramp that is longer than the run."""
    message = f"`{op}` takes {length}, and the run ends after {run}"
    help = f"shorten it, or let the stage run longer; if that is meant: `{op}(..., beyond=true)`"
    return _warning("L601", message, place, "it never completes", help)


def unchanging(op: str, setting: str, value: object, place: Span) -> Diagnostic:
    """A schedule that is 1 in every step."""
    message = f"`{op}` with `{setting}={value}` is 1 in every step"
    help = f"leave it out, or give `{setting}` another value; what rises to 1 is `1 - 0.01*cosine()`"
    return _warning("L617", message, place, "it changes nothing", help)


def chosen_on_test(keep: str, place: Span, evaluation: Span) -> Diagnostic:
    """A checkpoint that is chosen by what test data say."""
    message = f"the checkpoint is chosen by `{keep}`, which is measured on test data"
    notes = (Note(evaluation, "measured here"),)
    help = "choose it on a part that is set aside: `eval top1(images.train.holdout(500, seed=1)) as val`"
    return Diagnostic("L618", message, place, "what is reported of it is no test any more", notes, (), help, "warning")


def heads_as_views(op: str, nets: str, place: Span) -> Diagnostic:
    """What the networks of a list give, taken together by an op as if it were several views of one batch."""
    message = f"`{op}` takes what the networks of `{nets}` give together, as several views of one batch"
    help = f"for a number of each network apply it to each, `{op}({nets}.0(z))`, and take the `mean([...])` of these"
    return _warning("L619", message, place, f"one number of all of `{nets}`", help)


def never_begins(setting: str, start: str, run: str, place: Span) -> Diagnostic:
    """Something that waits for longer than the run."""
    message = f"`{setting}` waits for {start}, and the run ends after {run}"
    return _warning("L601", message, place, "it never begins", "shorten it, or let the stage run longer")


def zero_weights(loss: Span) -> Diagnostic:
    """A loss of terms without weight."""
    return _warning("L603", "every term has the weight 0", loss, "nothing will be learned", "give a term a weight")


def stays_random(path: str, loss: Span) -> Diagnostic:
    """A network that nothing trains and nothing initializes."""
    message = f"`{path}` is used, but neither trained nor initialized: it stays random"
    return _warning("L604", message, loss, help=f"add `{path}` to `train`, or `init {path} from ...`")


def low_momentum(word: str, momentum: float, place: Span) -> Diagnostic:
    """An average that keeps little of what it was."""
    message = f"this average keeps at most {100 * momentum:.3g} % of itself in a step, and takes the rest anew"
    help = f"`momentum` is the share that is kept: `{word}(..., momentum={1 - momentum:.6g})` takes as little anew"
    return _warning("L614", message, place, "a momentum is mostly near 1", help)


def predicts_itself(term: str, place: Span) -> Diagnostic:
    """A prediction that is computed of its own target."""
    message = f"`{term}` predicts what it is computed of: a network that changes nothing is right"
    help = "predict another view of the sample, `swap(views)` for a list of two, or what an average says of it"
    return _warning("L615", message, place, "both sides are of the same draw", help)


def collapses(term: str, is_stopped: bool, is_own: bool, place: Span) -> Diagnostic:
    """A loss that one answer to everything makes least, for all that its op says. `is_own`: no op of the library."""
    message = f"`{term}` is least where the network gives one answer to everything, and no other term is in the way"
    label = "both sides have gone through the same networks" if is_stopped else "both sides learn from each other"
    help = "a predictor on one side, with the other stopped, keeps from it (SimSiam), as do negatives, or labels"
    says = '; a loss that compares rows with each other says so: `@op(across="gather")`' if is_own else ""
    return _warning("L615", message, place, label, help + says)


def idle_stream(stage: str, stream: str, place: Span) -> Diagnostic:
    """Rows that no term reads. `stage`: what a message calls it."""
    help = f"take `{stream}` out of `batch`, or use it in the loss"
    return _warning("L607", f"no loss of {stage} reads `{stream}`", place, "drawn, but not used", help)


def evaluation_pace(stage: str, times: int, steps: int, clock: str, size: int, rows: int, place: Span) -> Diagnostic:
    """A stage that is evaluated after nearly every step. `steps`: of a pass over `clock`, which has `size` samples."""
    passes = "1 step" if steps == 1 else f"{steps} steps"
    message = f"{stage} is evaluated {times:,} times: after every pass, which is {passes}"
    label = f"`{clock}` has {size:,} samples, and a step takes {rows:,}"
    help = "say how often, for example `evaluate = 5%`: after every twentieth of the run"
    return _warning("L608", message, place, label, help)


def trained_on_held_out(stream: str, declared: Span, held_out: Span, place: Span) -> Diagnostic:
    """An evaluation on samples that a loss learns with their labels. `held_out`: where they are set aside."""
    rest = held_out.text.replace("holdout", "without_holdout")
    message = f"`{stream}` is trained on with its labels, and may have samples that are held out for this evaluation"
    notes = (Note(declared, f"`{stream}` is declared here, not as a part of the rest"),)
    help = f"train on the rest, `{rest}`, or on a part of it"
    return Diagnostic("L616", message, place, "a leak: it measures what was learned", notes, (), help, "warning")


def other_range(path: str, learned: Sequence[str], seen: Sequence[str], place: Span) -> Diagnostic:
    """A network that learns from images in one range and is evaluated on images in another."""
    message = f"`{path}` is evaluated on images that are prepared otherwise than those that it learns from"
    label = f"here {_chain(seen)}, in the loss {_chain(learned)}"
    return _warning(
        "L611", message, place, label, "give both streams the same fixed views, `>> normalize(...)` and the like"
    )


def other_size(path: str, learned: Sequence[object], seen: Sequence[object], place: Span) -> Diagnostic:
    """A network that learns from images of one size and is evaluated on images of another."""
    here, there = (" by ".join(map(str, size)) for size in (seen, learned))
    message = f"`{path}` is evaluated on images of another size than those that it learns from"
    label = f"{here} pixels, and in the loss {there}"
    return _warning("L611", message, place, label, "give both streams one size, `>> resize(...)` or a crop")


def _chain(views: Sequence[str]) -> str:
    return " >> ".join(f"`{view}`" for view in views) or "as they are"


def small_clock(clock: str, size: int, rows: int, other: str, times: int, place: Span) -> Diagnostic:
    """A pass over a small stream as the clock, which nobody chose."""
    message = (
        f"an epoch of this run is a pass over `{clock}`, and one over `{other}` takes {times:,} times as many steps"
    )
    label = f"`{clock}` has {size:,} samples, of which a step takes {rows:,}"
    return _warning("L612", message, place, label, f"say which is meant: `clock = {other}`, or `clock = {clock}`")


def oversized_batch(stream: str, rows: int, size: int, place: Span) -> Diagnostic:
    """More rows of a step than there are samples."""
    message = f"a step draws {rows:,} rows of `{stream}`, whose data have only {size:,} sample{'s' if size > 1 else ''}"
    label = f"every sample comes about {rows / size:.2g} times in a step"
    return _warning("L609", message, place, label, f"draw at most {size:,}, such as `batch = {{{stream}: {size}}}`")


def unchecked_points(checked: int, count: int, place: Span) -> Diagnostic:
    """Variants and points of sweeps beyond the budget of a check."""
    message = f"only {checked} of {count} variants and points of sweeps were checked"
    return _warning("L610", message, place, help="the others are checked before they run")
