"""D5xx and L6xx: time, stages and their settings; what is allowed and probably not meant."""

from ssldsl.errors import Diagnostic
from ssldsl.source import Span


def _warning(code: str, message: str, place: Span, label: str = "", help: str = "") -> Diagnostic:
    return Diagnostic(code, message, place, label, help=help, severity="warning")


# --- stages -----------------------------------------------------------------------------------------------------


def reads_itself(stage: str, place: Span) -> Diagnostic:
    """A network with the weights that the stage which reads it will leave."""
    help = "name a stage that comes before it"
    return Diagnostic("D503", f"stage `{stage}` cannot read what it will have trained", place, help=help)


def comes_not_after(stage: str, earlier: str, place: Span) -> Diagnostic:
    """Weights of a stage that need not have ended."""
    help = f"write `stage {stage} after {earlier} {{`"
    return Diagnostic("D503", f"stage `{stage}` does not come after `{earlier}`", place, help=help)


def keeps_no_average_of_weights(stage: str, place: Span) -> Diagnostic:
    """A network of an average that is not kept."""
    help = f"write `average = polyak(half_life=1ep)` in `{stage}`, or leave `.average` out"
    return Diagnostic("D507", f"stage `{stage}` keeps no average of its weights", place, help=help)


def random_there(stage: str, path: str, place: Span) -> Diagnostic:
    """A network of an earlier stage that did not train it."""
    message = f"stage `{stage}` neither trains nor initializes `{path}`, which is random there"
    help = f"use `{path}` in the loss of `{stage}`, or take the network of another stage"
    return Diagnostic("D514", message, place, help=help)


# --- warnings ---------------------------------------------------------------------------------------------------


def never_completes(op: str, length: str, run: str, place: Span) -> Diagnostic:
    """A ramp that is longer than the run."""
    message = f"`{op}` takes {length}, and the run ends after {run}"
    return _warning("L601", message, place, "it never completes", "shorten it, or let the stage run longer")


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


def idle_stream(stage: str, stream: str, place: Span) -> Diagnostic:
    """Rows that no term reads. `stage`: what a message calls it."""
    help = f"take `{stream}` out of `batch`, or use it in the loss"
    return _warning("L607", f"no loss of {stage} reads `{stream}`", place, "drawn for nothing", help)


def evaluation_pace(stage: str, times: int, steps: int, clock: str, size: int, rows: int, place: Span) -> Diagnostic:
    """A stage that is evaluated after nearly every step. `steps`: of a pass over `clock`, which has `size` samples."""
    passes = "1 step" if steps == 1 else f"{steps} steps"
    message = f"{stage} is evaluated {times:,} times: after every pass, which is {passes}"
    label = f"`{clock}` has {size:,} samples, and a step takes {rows:,}"
    help = "say how often, for example `evaluate = 5%`: after every twentieth of the run"
    return _warning("L608", message, place, label, help)


def oversized_batch(stream: str, rows: int, size: int, place: Span) -> Diagnostic:
    """More rows of a step than there are samples."""
    message = f"a step draws {rows:,} rows of `{stream}`, whose data have only {size:,} samples"
    label = f"every sample comes about {rows / size:.2g} times in a step"
    return _warning("L609", message, place, label, f"draw at most {size:,}, such as `batch = {{{stream}: {size}}}`")
