"""D4xx: labels, gradients, draws, and what a step computes."""

from collections.abc import Collection, Sequence

from attrs import evolve

from ssldsl.errors import Diagnostic, Note
from ssldsl.source import Span


def _listed(names: Collection[str]) -> str:
    return ", ".join(f"`{n}`" for n in sorted(names))


# --- labels -----------------------------------------------------------------------------------------------------


def no_labels(stream: str, place: Span, removed: Span | None, fields: Sequence[str], is_evaluated: bool) -> Diagnostic:
    """A use of labels that are not there. `stream`: empty for data without a name; `removed`: where labels went."""
    message = f"`{stream}` has no labels" if stream else "these data have no labels"
    notes = (Note(removed, "the labels were removed here"),) if removed else ()
    hints = (f"there is: {', '.join(fields)}",)
    help = "use a labeled stream here, or a loss that needs no labels"
    if is_evaluated:
        help = "evaluate on data with labels"
    return Diagnostic("D401", message, place, "reads `label`", notes, hints, help)


def no_classes(what: str, place: Span) -> Diagnostic:
    """The number of classes of data without labels."""
    return Diagnostic("D401", f"{what} without labels has no classes", place)


def argument_without_labels(op: str, edge: str, place: Span) -> Diagnostic:
    """Data without labels, given to an op that reads them."""
    return Diagnostic("D401", f"`{edge}` of `{op}` has no labels", place)


def held_out(name: str, place: Span, declared: Span | None, reader: str) -> Diagnostic:
    """A test split or holdout in a step. `declared`: where it got its name. `reader`: `loss` or `watch`."""
    notes = (Note(declared, "declared here, from a test split or a holdout"),) if declared is not None else ()
    if reader == "watch":
        message, help = f"`{name}` is held out for evaluation, and no step may see it", "measure it by an `eval`"
        return Diagnostic("D405", message, place, "read by a `watch`, in every step", notes, help=help)
    message = f"`{name}` is held out for evaluation, and a loss must not see it"
    help = "train on a train split, or on what `without_holdout` leaves of it; keep this one for `eval`"
    hints = ("a protocol that trains on test data without their labels says so: `transductive(...)`",)
    return Diagnostic("D405", message, place, "read by a loss", notes, hints, help=help)


def labels_held_out(edge: str, place: Span) -> Diagnostic:
    """Labels of a test split, taken for training data."""
    return Diagnostic("D405", f"`{edge}` is held out for evaluation, and its labels must not be trained on", place)


def drawn_by_nothing(op: str, field: str, known: Sequence[str], place: Span) -> Diagnostic:
    """Data drawn by a field that they do not have."""
    message = f"`{op}` draws by `{field}`, which these data do not have"
    return Diagnostic("D435", message, place, help=f'they have: {", ".join(known)}; another field is `by="cluster"`')


def drawn_by_hidden(op: str, field: str, place: Span, drawn_by: str, drawn: Span) -> Diagnostic:
    """Labels are taken away, or replaced, from data whose batches are made by them."""
    message = f"what `{op}` gives is still drawn by the true `{field}`"
    notes = (Note(drawn, f"`{drawn_by}` puts as many of every true `{field}` in each batch"),)
    help = f"leave `{drawn_by}` out; where true labels are meant to choose the rows, leave the labels in, and read none"
    return Diagnostic("D435", message, place, "a leak: the order of the rows tells", notes, help=help)


def data_in_a_step(place: Span) -> Diagnostic:
    """A data set where a stream is wanted."""
    message = "a step reads data through a stream, so that its draws have a name"
    help = f"declare `stream NAME = {place.text}` and use NAME"
    return Diagnostic("D407", message, place, "this is the data set itself", help=help)


# --- gradients --------------------------------------------------------------------------------------------------


def gradient_into_target(op: str, edge: str, place: Span, grad_modules: Collection[str]) -> Diagnostic:
    """A target through which a network would learn. `grad_modules`: the networks that its gradient reaches."""
    message = f"`{edge}` of `{op}` is a target and must not carry gradient"
    return Diagnostic("D402", message, place, f"its gradient reaches {_listed(grad_modules)}", help=_detach(place))


def gradient_into_factor(place: Span, grad_modules: Collection[str]) -> Diagnostic:
    """A mask or weight of a loss through which a network would learn."""
    message = "what multiplies a loss must not carry gradient"
    return Diagnostic("D402", message, place, f"its gradient reaches {_listed(grad_modules)}", help=_detach(place))


def _detach(place: Span) -> str:
    return f"detach it: `stop({place.text})`"


def untrained_term(term: str, place: Span, grad_modules: Collection[str], stop: Span | None, update: str) -> Diagnostic:
    """A term that trains nothing. grad_modules: what its gradient reaches. stop: where it ends. update: whose it is."""
    notes = (Note(stop, "gradient stops here"),) if stop is not None and stop != place else ()
    label, help = "no gradient leaves this term", "one side of the loss must come from a trained network"
    if grad_modules:
        who, where = (f"update `{update}`", f" of `{update}`") if update else ("this stage", "")
        label = f"it reaches {_listed(grad_modules)}, which {who} does not train"
        help = f"add {_listed(grad_modules)} to `train`{where}, or drop the term"
    message = f"the loss term `{term}` has no gradient path to any trained network"
    return Diagnostic("D403", message, place, label, notes, help=help)


def unreached_module(path: str, place: Span, terms: Sequence[str]) -> Diagnostic:
    """A network of `train` that no term reaches."""
    label = f"terms: {', '.join(f'`{t}`' for t in terms)}"
    help = f"use `{path}` in a loss, or take it out of `train`"
    return Diagnostic("D404", f"`{path}` is trained, and no loss term reaches it", place, label, help=help)


def watch_moves_statistics(watch: str, paths: Collection[str], place: Span) -> Diagnostic:
    """A watch that sends a batch of its own through batch normalization."""
    message = f"`{watch}` is only watched, and its batch would move the statistics of {_listed(paths)}"
    help = "watch what a term of the loss computes: give that value a name with `let`, and use the name in both"
    return Diagnostic("D431", message, place, "no term sends this through the network", help=help)


def half_averaged(averaged: str, raw: str, place: Span) -> Diagnostic:
    """An evaluation of an averaged network and one that is not."""
    message = f"`{averaged}` is averaged here, and `{raw}`, which reads it, is not"
    help = f"write `average.{raw}` too, or `average.` before the name of the whole network"
    return Diagnostic("D434", message, place, "an average and a network that was trained beside another", help=help)


def compared_with_itself(op: str, place: Span) -> Diagnostic:
    """A loss both sides of which are the same numbers."""
    help = "one side should come from another view, another network, or an average of it"
    return _twins(op, place, "both sides are the same numbers", help)


def equal_items(op: str, edge: str, place: Span) -> Diagnostic:
    """A loss over a list, two items of which are the same numbers."""
    help = "draw every view anew, for example by `draw(2, ...)`"
    return _twins(op, place, f"two items of `{edge}` are the same numbers", help)


def _twins(op: str, place: Span, label: str, help: str) -> Diagnostic:
    message = f"`{op}` compares a value with itself, so this term teaches nothing"
    return Diagnostic("D406", message, place, label, help=help)


def names_no_networks(statement: str, found: str, place: Span, help: str) -> Diagnostic:
    """Something else in `train` or `init`."""
    return Diagnostic("D408", f"`{statement}` names networks, found {found}", place, help=help)


def trains_an_average(path: str, of: str, place: Span) -> Diagnostic:
    """A moving average in `train`."""
    message = f"`{path}` is a moving average of `{of}` and has no gradient"
    help = f"take `{place.text}` out of `train`: the average follows `{of}`"
    return Diagnostic("D408", message, place, "cannot be trained", help=help)


# --- draws and batches ------------------------------------------------------------------------------------------


def random_in_an_eval(op: str, drawn: Span, used: Span | None, evaluation: Span | None) -> Diagnostic:
    """Random numbers where every evaluation must be the same. `used`: where the view is used, if elsewhere."""
    help = "evaluate on the data without random views, for example `images.test`"
    found = _random(op, "an eval must give the same result", drawn, used, help)
    return evolve(found, notes=(*found.notes, *read_by(evaluation, used or drawn)))


def read_by(evaluation: Span | None, place: Span) -> tuple[Note, ...]:
    """The evaluation that reads what is written somewhere else, by its name."""
    if evaluation is None or evaluation.source != place.source or evaluation.holds(place):
        return ()
    return (Note(evaluation, "read by this evaluation"),)


def random_in_data(op: str, data_op: str, drawn: Span, used: Span | None) -> Diagnostic:
    """Random numbers in what data are made of."""
    return _random(op, f"`{data_op}` must give the same data", drawn, used, "leave out the random views")


def _random(op: str, always: str, drawn: Span, used: Span | None, help: str) -> Diagnostic:
    message = f"`{op}` is random, and {always} every time"
    if used is None:
        return Diagnostic("D409", message, drawn, "drawn here", help=help)
    return Diagnostic("D409", message, used, notes=(Note(drawn, "drawn here"),), help=help)


def forward_policy(path: str, count: int, loss: Span, network: Span) -> Diagnostic:
    """A network that couples rows and gets several batches. `network`: where it is declared."""
    message = f"this loss sends {count} batches through `{path}`, whose rows depend on one another"
    notes = (Note(network, "it normalizes over the batch"),)
    help = "write `forward = concat` (one joint batch, as in S4L and FixMatch) or `forward = separate`"
    return Diagnostic("D411", message, loss, "one batch, or several?", notes, help=help)


def no_copies(op: str, place: Span) -> Diagnostic:
    """A loss over several views of a sample, where no sample comes twice."""
    message = f"`{op}` needs several views of each sample; every row here is a different sample"
    help = "make several views of each first, for example by `random_inception_crop(size=32, count=8)`"
    return Diagnostic("D412", message, place, "no sample comes twice", help=help)


def lone_sample(op: str, place: Span) -> Diagnostic:
    """A loss over samples of which a step has one."""
    message = f"`{op}` tells samples apart, and a step has only one"
    label = "no other sample to compare it with"
    return Diagnostic("D412", message, place, label, help="draw more of them: see `batch`")


def few_rows(op: str, rows: int, needed: int, setting: str, place: Span) -> Diagnostic:
    """A batch that is too small for what compares its rows. `setting`: that says how many are needed, if one does."""
    has = f"{rows} row{'s' if rows != 1 else ''}"
    if setting:
        message = f"`{op}` wants more rows than its `{setting}`, {needed - 1}, and a step has {has}"
        return Diagnostic("D415", message, place, help=f"draw more rows, see `batch`, or make `{setting}` smaller")
    message = f"`{op}` compares the rows of a batch, and a step has {has}"
    return Diagnostic("D415", message, place, "nothing to compare it with", help="draw more rows: see `batch`")


def uneven_images(place: Span) -> Diagnostic:
    """Images of different sizes where one batch is computed."""
    message = "these images differ in size, so they cannot be one batch"
    help = "let a view of the stream give them one size, such as `>> random_resized_crop(size=224)`"
    return Diagnostic("D413", message, place, "computed for a whole batch at once", help=help)


def rows_in_blocks(name: str, taken: int, place: Span) -> Diagnostic:
    """What takes several rows of a sample at a time, of rows that stand view after view."""
    message = f"`{name}` takes {taken} rows at a time, and these are not of one sample"
    average = "average the list itself: `mean(probabilities(net(views)))`"
    help = f"{average}; rows of one sample stand side by side where a view such as `rotate4()` makes several of it"
    return Diagnostic("D414", message, place, "parts that stand one after another", help=help)


# --- memories ---------------------------------------------------------------------------------------------------


def memory_outside_of_steps(
    op: str, is_read_alone: bool, is_in_an_eval: bool, place: Span, evaluation: Span | None
) -> Diagnostic:
    """A memory where no training steps pass. `is_read_alone`: what it holds does not depend on what comes in."""
    where = "an eval is none" if is_in_an_eval else "there are none here"
    help = "give the memory of the loss a name by `let`: an eval reads what a queue, a bank or a center holds"
    if is_in_an_eval and not is_read_alone:
        help = f"what `{op}` gives belongs to the rows of a step: `watch` records it, and an eval measures the network"
    notes = read_by(evaluation, place)
    return Diagnostic("D421", f"`{op}` remembers training steps, and {where}", place, notes=notes, help=help)


def unfed_memory(op: str, place: Span, written: Span) -> Diagnostic:
    """A memory that an evaluation reads, and no step writes."""
    message = f"no step writes this `{op}`: a step writes what its loss reads"
    notes = (Note(written, "the memory"),)
    help = "let a term of the loss read it, or a `watch`"
    return Diagnostic("D421", message, place, "reads what nothing was written to", notes, help=help)


def short_memory(op: str, setting: str, length: int, rows: int, place: Span) -> Diagnostic:
    """A memory that cannot hold what one step brings."""
    message = f"`{op}` holds {length} rows, and a step brings {rows}"
    help = f"take a multiple of {rows}, such as `{setting}={8 * rows}`"
    return Diagnostic("D422", message, place, f"`{setting}` is shorter than the batch", help=help)
