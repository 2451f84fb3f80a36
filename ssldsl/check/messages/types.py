"""T310 to T315: kinds and shapes, and what can be applied to what."""

from collections.abc import Iterable, Sequence

from ssldsl.errors import Diagnostic, Note
from ssldsl.source import Span


def _ticked(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


# --- kinds ------------------------------------------------------------------------------------------------------


def wrong_kind(op: str, edge: str, wanted: str, found: str, place: Span, help: str) -> Diagnostic:
    """A value of a kind that an op does not take for one of its inputs."""
    return Diagnostic("T310", f"`{op}` expects {wanted} for `{edge}`, found {found}", place, help=help)


def average_of_a_network(place: Span) -> Diagnostic:
    """`ema(...)` where the average of all trained weights is set."""
    message = "`average` wants an average of all weights that are trained, and `ema` is one of a network"
    help = "write `polyak(half_life=1ep)`; of a network: `net teacher = ema(model, half_life=1ep)`"
    return Diagnostic("T310", message, place, help=help)


def wrong_kind_for_word(word: str, wanted: str, found: str, place: Span, help: str) -> Diagnostic:
    """A value that a word of the language, or a setting of a stage, does not take."""
    return Diagnostic("T310", f"`{word}` wants {wanted}, found {found}", place, help=help)


def wrong_kind_for_network(
    path: str, op: str, wanted: str, found: str, place: Span, network: Span | None, help: str
) -> Diagnostic:
    """A tensor of a kind that a network does not take. `network`: its declaration, if a person can look there."""
    notes = (Note(network, "this network"),) if network is not None else ()
    return Diagnostic("T310", f"`{path}` (`{op}`) takes {wanted}, found {found}", place, notes=notes, help=help)


def no_batch_for_network(found: str, place: Span, help: str) -> Diagnostic:
    """A network of something that is no batch."""
    return Diagnostic("T310", f"a network wants a batch, found {found}", place, help=help)


def part_applied(part: str, network: str, place: Span) -> Diagnostic:
    """A piece of a network where the whole of one is wanted."""
    message = f"`{part}` is a part of `{network}`, and only whole networks are applied"
    return Diagnostic("T310", message, place, help="a part can be named in `train`, in `init`, and in `groups`")


def best_of_different(nets: str, found: Sequence[str], place: Span) -> Diagnostic:
    """A choice among networks that give different shapes."""
    message = f"the networks of `{nets}` give {' and '.join(found)}, so none can stand for the others"
    return Diagnostic("T312", message, place, help="apply all of them to inputs of one width")


def no_features_to_join(found: Sequence[str], place: Span) -> Diagnostic:
    """Networks side by side whose results are not rows of features."""
    message = f"networks side by side give features of the same rows, found {' and '.join(found)}"
    return Diagnostic("T312", message, place)


def argument_wanting_more(net: str, name: str, place: Span) -> Diagnostic:
    """A network that takes more than a batch, given to an op that applies a network itself. `name`: what it takes."""
    message = f"this op applies the network itself, to a batch alone, and `{net}` takes `{name}` too"
    return Diagnostic("T310", message, place)


def argument_of_several(place: Span) -> Diagnostic:
    """Networks side by side, given to an op that applies a network itself."""
    message = "this op applies the network itself, and cannot take networks side by side"
    return Diagnostic("T310", message, place, help="hand it one of them")


def list_of_no_networks(kind: str, place: Span) -> Diagnostic:
    """A count behind the name of something that comes alone."""
    help = "several draws of a view are `draw(5, view(x))`, several batches `a | b`"
    return Diagnostic("T310", f"only `net` and `head` declare lists, and this is a `{kind}`", place, help=help)


def network_wanted(
    definition: str, name: str, found: str, takes: Sequence[str], left_out: str, place: Span
) -> Diagnostic:
    """An argument that takes the place of a network and is none. `left_out`: what it is where a call says nothing."""
    message = f"`{name}` of `{definition}` is a network, found {found}"
    help = f"it takes: {', '.join(takes)}; left out, `{name}` is {left_out}"
    return Diagnostic("T310", message, place, help=help)


def schedule_of_tensors(op: str, found: str, place: Span, others: Sequence[str]) -> Diagnostic:
    """A schedule that is called with tensors. `others`: ops of two tensors with a like name."""
    message = f"`{op}` is a schedule, a function of the step alone, found {found}"
    help = f"of two tensors it is {' or '.join(f'`{other}(a, b)`' for other in others)}" if others else ""
    return Diagnostic("T310", message, place, help=help)


def no_data(reader: str, found: str, place: Span) -> Diagnostic:
    """Something else where data are read."""
    return Diagnostic("T310", f"{reader} expects data, found {found}", place)


def several_splits(reader: str, splits: Sequence[str], place: Span) -> Diagnostic:
    """Data with all their splits. `reader`: what wants one of them."""
    message = f"{reader} wants one split of the data, and this has several"
    help = f"choose one of {_ticked(splits)}: `{place.text}.{splits[0]}`"
    return Diagnostic("T310", message, place, help=help)


def stream_of_splits(splits: Sequence[str], place: Span) -> Diagnostic:
    """A stream of data with all their splits."""
    message = "a stream is drawn from one split of the data, and this has several"
    help = f"choose one: {_ticked(f'{place.text}.{split}' for split in splits)}"
    return Diagnostic("T310", message, place, help=help)


def whole_splits(splits: Sequence[str], place: Span) -> Diagnostic:
    """An evaluation on data with all their splits."""
    message = f"one split of the data is wanted here: {_ticked(splits)}"
    return Diagnostic("T310", message, place, help=f"`{place.text}.test`")


def joined_with_views(op: str, place: Span) -> Diagnostic:
    """Data that views belong to, put together with others."""
    message = f"`{op}` puts data together, and these go through other views than the first"
    return Diagnostic("T310", message, place, help="put the views behind: `joined(a, b) >> flip()`")


def joined_of_other_fields(op: str, fields: tuple[str, str], place: Span, data: Span) -> Diagnostic:
    """Images and vectors put together."""
    message = f"`{op}` puts samples of one kind together: the first have `{fields[0]}`, these `{fields[1]}`"
    return Diagnostic("T310", message, place, "", (Note(data, "the first data"),))


def joined_of_other_shapes(op: str, shapes: tuple[str, str], place: Span, data: Span) -> Diagnostic:
    """Samples of different sizes, or of different classes, put together."""
    message = f"`{op}` puts samples of one shape together, found {shapes[0]} and {shapes[1]}"
    help = "make them alike before; a step may also read two streams, `a | b`"
    return Diagnostic("T311", message, place, "", (Note(data, "the first data"),), help=help)


def view_of_data(op: str, found: str, place: Span) -> Diagnostic:
    """A view called with data."""
    help = f"data go through a view by `>>`: `{place.text} >> {op}(...)`"
    return Diagnostic("T310", f"`{op}` is a view of a batch, found {found}", place, help=help)


def view_drawn(place: Span) -> Diagnostic:
    """A draw of a view that is applied to nothing."""
    message = "`draw` wants a batch, or what is made of one, found a view"
    return Diagnostic("T310", message, place, help=f"apply it to a batch: `{place.text}(unlabeled)`")


def no_metric(found: str, terms: int, place: Span) -> Diagnostic:
    """An evaluation of something that is no metric. `terms`: how many a loss has."""
    help = "a metric says numbers about a whole data set, for example `eval top1(images.test)`"
    if found.startswith("a list"):
        help = "say which: the mean of all, `mean(...)`, or that of the best network, `best(heads, by=TERM)`"
    if terms:
        help = "evaluate one term, without its weight" if terms == 1 else "evaluate its terms one by one"
        found = "a term with its weight" if terms == 1 else f"a sum of {terms} terms"
    return Diagnostic("T310", f"`eval` wants a metric or a loss, found {found}", place, help=help)


def no_single_watch(found: str, terms: int, place: Span) -> Diagnostic:
    """A watch of something that is not one number. `terms`: how many a loss has."""
    help = "watch a mean over rows, for example `watch mean(confidence(p) >= 0.95) as kept`"
    if terms:
        help = "watch one term, without its weight" if terms == 1 else "watch its terms one by one"
    return Diagnostic("T310", f"`watch` wants a number of the step, found {found}", place, help=help)


def metric_in_a_step(op: str, place: Span) -> Diagnostic:
    """A watch of a metric."""
    message = f"`{op}` is a metric of whole data sets, and `watch` wants a number of the step"
    help = "of a step, watch the mean of a comparison: `watch mean(hard_labels(z) == labeled.label) as accuracy`"
    return Diagnostic("T310", message, place, help=help)


# --- shapes -----------------------------------------------------------------------------------------------------


def wrong_shape(
    op: str, edge: str, wanted: str, found: str, place: Span, why: str, hints: Sequence[str], help: str
) -> Diagnostic:
    """A tensor whose sizes do not go with those of the other inputs, or with each other."""
    message = f"`{op}` expects {wanted} for `{edge}`, found {found}"
    return Diagnostic("T311", message, place, why, hints=hints, help=help)


def uncounted(op: str, edge: str, found: str, is_index: bool, place: Span) -> Diagnostic:
    """Whole numbers that say which row is meant, and not of how many."""
    message = f"`{op}` keeps a row for each of them, and `{edge}` does not say how many there are: {found}"
    index = "`index` counts over the whole data set; `.position` is the number in the stream, from 0 to its size"
    help = index if is_index else "pass where the samples stand in their stream: `x.position`"
    return Diagnostic("T311", message, place, "of how many?", help=help)


def not_alike(op: str, first: str, second: str, place: Span) -> Diagnostic:
    """Rows of two kinds for an op that takes any kind, but one."""
    message = f"`{op}` takes rows of one kind, found {first} and {second}"
    return Diagnostic("T310", message, place, help=f"write a call of `{op}` for each: they stay in step")


def different_shapes(first: str, second: str, place: Span, hints: Sequence[str], help: str) -> Diagnostic:
    """Arithmetic of tensors that have not one shape."""
    message = f"tensors of different shapes: {first} and {second}"
    return Diagnostic("T311", message, place, "arithmetic is entry by entry", hints=hints, help=help)


def different_items(word: str, kinds: Iterable[str], place: Span) -> Diagnostic:
    """A mean or sum of tensors that have nothing in common."""
    message = f"`{word}` of a list wants tensors of one kind and shape, found {' and '.join(kinds)}"
    return Diagnostic("T311", message, place)


def rows_of_different_shapes(kinds: Iterable[str], place: Span) -> Diagnostic:
    """Rows that cannot stand below each other."""
    return Diagnostic("T311", f"`concat` joins rows of one shape, found {' and '.join(kinds)}", place)


def rows_of_batch_and_memory(place: Span) -> Diagnostic:
    """Rows of which a process has a share, and rows that every process has."""
    message = "`concat` joins rows of a batch with rows of a memory, which each process has as a whole"
    help = "give the memory's rows to the op as an argument of their own"
    return Diagnostic("T311", message, place, help=help)


def lists_of_different_lengths(op: str, said: str, place: Span) -> Diagnostic:
    """Lists that cannot go item by item. `said`: how long each is."""
    help = "lists go item by item, and what stands by itself is repeated: one item of a list is `first(list)`"
    return Diagnostic("T314", f"`{op}` gets lists of different lengths: {said}", place, help=help)


# --- classes and widths -----------------------------------------------------------------------------------------


def labels_of_other_classes(
    width: str, classes: str, are_features: bool, place: Span, head: Sequence[Note]
) -> Diagnostic:
    """Labels of more or fewer classes than there are scores. `head`: where the scores are made."""
    help = f"give the head {classes} outputs"
    if are_features:
        help = f"features are no scores of classes: put a head behind the network, with {classes} outputs"
    message = f"the scores are for {width} classes, and these labels have {classes}"
    return Diagnostic("T312", message, place, notes=head, help=help)


def targets_of_other_classes(width: str, classes: str, place: Span, head: Sequence[Note]) -> Diagnostic:
    """Target distributions over more or fewer classes than there are scores."""
    message = f"the scores are for {width} classes, and these targets have {classes}"
    help = f"give the head {classes} outputs, or the targets {width} classes"
    return Diagnostic("T312", message, place, notes=head, help=help)


def told_other_classes(op: str, told: int, classes: int, place: Span) -> Diagnostic:
    """An op that is told another number of classes than its labels have."""
    message = f"`{op}` is told {told} classes, and these labels have {classes}"
    help = f"write `classes={classes}`, or `.classes` of the data set"
    return Diagnostic("T312", message, place, f"labels of {classes} classes", help=help)


def data_of_other_classes(width: str, classes: str, place: Span) -> Diagnostic:
    """Scores of more or fewer classes than the data have."""
    message = f"the scores are for {width} classes, and these data have {classes}"
    return Diagnostic("T312", message, place, help=f"give the head {classes} outputs")


def features_as_scores(op: str, width: str, classes: str, place: Span, head: Sequence[Note]) -> Diagnostic:
    """Features where an op reads scores of classes."""
    message = f"`{op}` reads scores of {classes} classes, and these are {width} features"
    help = f"put a head behind the network: `linear({width}, {classes})` makes scores of features"
    return Diagnostic("T312", message, place, "features are no scores", head, help=help)


def labels_of_features(found: str, place: Span) -> Diagnostic:
    """Labels that are to be made of features."""
    message = f"labels come from scores of classes, found features: {found}"
    help = "put the head behind it: declare `net clf = encoder >> classes` and write `STAGE.clf`"
    return Diagnostic("T312", message, place, "this network ends without a head", help=help)


def different_head(path: str, place: Span) -> Diagnostic:
    """A head of a definition that is declared with other sizes than before."""
    help = "a head that a definition declares is shared by all of its calls: declare it in the spec and pass it"
    return Diagnostic(
        "T312", f"`{path}` is already a different head", place, "declared again with other sizes", help=help
    )


def misfit(path: str, wanted: str, found: str, place: Span, why: str, help: str) -> Diagnostic:
    """An input of another size than a network takes."""
    return Diagnostic("T312", f"`{path}` takes {wanted}, and gets {found}", place, why, help=help)


def misfit_of_data(path: str, wanted: str, kind: str, example: str, place: Span) -> Diagnostic:
    """An input whose size only the data know, for a network that says its own. `example`: how data say theirs."""
    message = f"`{path}` takes {wanted}, and gets {kind} whose size is known only once the data are read"
    help = f"leave the size out here, or say it of the data, for example `{example}`"
    return Diagnostic("T312", message, place, help=help)


# --- what can be applied ----------------------------------------------------------------------------------------


def wrong_declaration(kind: str, name: str, wanted: str, found: str, place: Span, help: str) -> Diagnostic:
    """A declaration of something that its word does not declare."""
    return Diagnostic("T313", f"`{kind} {name}` wants {wanted}, found {found}", place, help=help)


def average_of_no_network(place: Span) -> Diagnostic:
    """A moving average of a part of a network, or of one that is not declared."""
    return Diagnostic("T313", "`ema` follows a declared network", place)


def network_without_name(op: str, place: Span, is_applied: bool) -> Diagnostic:
    """A network that is used where it stands, with sizes of its own. `is_applied`: to what is in its parentheses."""
    help = f"declare it: `head NAME = {place.text}`"
    if is_applied:
        help = f"declare it, `head NAME = {op}(...)`, and apply that: `NAME(...)`"
    return Diagnostic("T313", f"`{op}` is a network and needs a name", place, help=help)


def argument_without_name(op: str, place: Span, written: Span) -> Diagnostic:
    """A network that an op is given where it stands. `written`: the network."""
    help = f"declare it: `head NAME = {written.text}`"
    return Diagnostic("T313", f"`{op}` needs a name before an op may call it", place, help=help)


def uncallable(what: str, place: Span, help: str) -> Diagnostic:
    """A call of something that takes no arguments."""
    return Diagnostic("T313", f"{what} cannot be called", place, help=help)


def view_of_no_images(found: str, place: Span) -> Diagnostic:
    """A view of something that is no batch."""
    return Diagnostic("T313", f"a view is for batches of images, found {found}", place)


def read_outside_of_steps(what: str, place: Span) -> Diagnostic:
    """A batch where no step is described."""
    message = f"{what} can be read only where a step is described: in a loss, or in a `let`"
    help = "what is drawn is declared by `stream`; what networks make of it is named by `let`"
    return Diagnostic("T313", message, place, help=help)


def draw_outside_of_steps(place: Span) -> Diagnostic:
    """`draw` where no step is described."""
    message = "`draw` can stand only where a step is described: in a loss, or in a `let`"
    return Diagnostic("T313", message, place, help=f"`let NAME = {place.text}`")


def wrong_operand(sign: str, wanted: str, found: str, place: Span) -> Diagnostic:
    """`-` or `not` of something that has none."""
    return Diagnostic("T313", f"`{sign}` wants {wanted}, found {found}", place)


def wrong_operands(sign: str, left: str, right: str, place: Span, help: str) -> Diagnostic:
    """An operator between two values for which it has no meaning."""
    return Diagnostic("T313", f"`{sign}` cannot be applied to {left} and {right}", place, help=help)


def no_value(place: Span, why: str) -> Diagnostic:
    """Arithmetic without a result."""
    return Diagnostic("T313", f"`{place.excerpt}` has no value", place, why)


def no_real_number(place: Span) -> Diagnostic:
    """Arithmetic with a complex result."""
    return Diagnostic("T313", f"`{place.excerpt}` is not a real number", place)
