"""The lines that tell how a run goes, the same on a terminal, in a log and in a notebook."""

from collections.abc import Mapping

from ssldsl.graph.plan import StagePlan

Numbers = Mapping[str, float]


def losses_text(total: float, terms: Numbers) -> str:
    """The loss and its terms, in a line."""
    named = "  ".join(f"{name} {value:.3f}" for name, value in terms.items())
    return f"loss {total:.3f}" + (f" = {named}" if len(terms) > 1 else "")


def results_text(results: Mapping[str, object]) -> str:
    """The metrics that are numbers, in a line."""
    return "  ".join(f"{name} {value:.4g}" for name, value in results.items() if isinstance(value, float))


def epochs_text(stage: StagePlan, steps: int) -> str:
    """So many steps as a number of epochs."""
    return f"{steps / stage.steps_per_epoch:.4g}"


def epoch_text(stage: StagePlan, step: int) -> str:
    """The epoch that the last of so many steps belongs to."""
    last = -(-stage.steps // stage.steps_per_epoch)
    return f"epoch {max(1, -(-step // stage.steps_per_epoch))}/{last}"


def clock_text(seconds: float) -> str:
    """A time as hours, minutes and seconds."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"
