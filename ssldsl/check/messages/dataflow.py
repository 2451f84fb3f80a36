"""D4xx: labels, gradients, draws, and what a step computes."""

from collections.abc import Collection, Sequence

from ssldsl.errors import Diagnostic, Note
from ssldsl.source import Span


def _listed(names: Collection[str]) -> str:
    return ", ".join(f"`{n}`" for n in sorted(names))


def untrained_term(term: str, place: Span, live: Collection[str], stop: Span | None) -> Diagnostic:
    """A loss term that trains nothing. `live`: what its gradient reaches; `stop`: where it ends."""
    notes = (Note(stop, "gradient stops here"),) if stop is not None and stop != place else ()
    label, help = "no gradient leaves this term", "one side of the loss must come from a trained network"
    if live:
        label = f"it reaches {_listed(live)}, which this stage does not train"
        help = f"add {_listed(live)} to `train`, or drop the term"
    message = f"the loss term `{term}` has no gradient path to any trained network"
    return Diagnostic("D403", message, place, label, notes, help=help)


def unreached_module(path: str, place: Span, terms: Sequence[str]) -> Diagnostic:
    """A network of `train` that no term reaches."""
    label = f"terms: {', '.join(f'`{t}`' for t in terms)}"
    help = f"use `{path}` in a loss, or take it out of `train`"
    return Diagnostic("D404", f"`{path}` is trained, and no loss term reaches it", place, label, help=help)


def forward_policy(path: str, count: int, loss: Span, network: Span) -> Diagnostic:
    """A network that couples rows and gets several batches. `network`: where it is declared."""
    message = f"this loss sends {count} batches through `{path}`, whose rows depend on one another"
    notes = (Note(network, "it normalizes over the batch"),)
    help = "write `forward = concat` (one joint batch, as in S4L and FixMatch) or `forward = separate`"
    return Diagnostic("D411", message, loss, "one batch, or several?", notes, help=help)


def lone_sample(op: str, place: Span) -> Diagnostic:
    """A loss over samples of which a step has one."""
    message = f"`{op}` tells samples apart, and a step has only one"
    label = "no other sample to compare it with"
    return Diagnostic("D412", message, place, label, help="draw more of them: see `batch`")


def uneven_images(place: Span) -> Diagnostic:
    """Images of different sizes where one batch is computed."""
    message = "these images differ in size, so they cannot be one batch"
    help = "let a view of the stream give them one size, such as `>> random_resized_crop(size=224)`"
    return Diagnostic("D413", message, place, "computed for a whole batch at once", help=help)


def short_memory(op: str, setting: str, length: int, rows: int, place: Span) -> Diagnostic:
    """A memory that cannot hold what one step brings."""
    message = f"`{op}` holds {length} rows, and a step brings {rows}"
    help = f"take a multiple of {rows}, such as `{setting}={8 * rows}`"
    return Diagnostic("D422", message, place, f"`{setting}` is shorter than the batch", help=help)
