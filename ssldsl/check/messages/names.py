"""N2xx: names that nothing has, or that two things have."""

from collections.abc import Collection, Sequence

from ssldsl.check.messages.dataflow import read_by
from ssldsl.errors import Diagnostic, Note, did_you_mean
from ssldsl.ops import renamed
from ssldsl.source import Span

_RENAME = "give it another name after `as`"
_MEANT = {  # what other languages call it
    "max": "the largest probability of every row is `confidence(p)`",
    "min": "`linear_ramp(5ep)` stays at 1 once it is there; one schedule after another is `a then b`",
    "batch": "rows that are read elsewhere are a `param`: `param rows: count = 64`, `batch = {labeled: rows}`",
    **dict.fromkeys(("seed", "clock", "epochs"), "settings are not read: a number for several places is a `param`"),
    **dict.fromkeys(("step", "epoch"), "what changes in time is a schedule: `linear_ramp(5ep)`, `cosine()`"),
    **dict.fromkeys(("sqrt", "square"), "of a number it is `x**0.5`, `x**2`; of a tensor `t*t`, or an op of your own"),
    "argmax": "the class of the largest score of every row is `hard_labels(scores)`",
    **dict.fromkeys(("detach", "stop_gradient", "stopgrad", "no_grad", "sg"), "without gradient is `stop(...)`"),
    "net": "a definition takes it from where it is called: `def f(x, using net = encoder >> classes) = ...`",
    "average": "`average.NETWORK` is measured by an `eval`; in a loss, a moving average is `ema(net, half_life=1ep)`",
    **dict.fromkeys(("True", "yes", "on"), "write `true`"),
    **dict.fromkeys(("False", "no", "off"), "write `false`"),
    **dict.fromkeys(("None", "null", "nil"), "write `none`"),
}
_SETTINGS_MEANT = {  # what people write who come from other tools
    **dict.fromkeys(("epochs", "max_epochs", "num_epochs"), "`run` says how long a stage is: `run = 30ep`"),
    **dict.fromkeys(("steps", "iterations", "max_steps"), "`run` says how long a stage is: `run = 500it`"),
    **dict.fromkeys(("lr", "learning_rate"), "it belongs to the optimizer: `optimizer = sgd(lr=0.1)`"),
    **dict.fromkeys(("momentum", "weight_decay"), "it belongs to the optimizer: `optimizer = sgd(lr=0.1, ...)`"),
    **dict.fromkeys(("scheduler", "schedule"), "the rate itself is a schedule: `optimizer = sgd(lr=0.1 * cosine())`"),
    **dict.fromkeys(("clip_grad", "grad_clip", "clip_norm", "max_norm"), "`clip` is the largest norm of the gradient"),
    **dict.fromkeys(("amp", "dtype", "fp16", "bf16"), "`precision` says what is computed with: `precision = bf16`"),
    **dict.fromkeys(("eval_every", "val_interval"), "`evaluate` says how often: `evaluate = 5%`"),
    "batch_size": "`batch` gives every stream its rows: `batch = {labeled: 64}`",
}


# --- names ------------------------------------------------------------------------------------------------------


def unknown_name(name: str, known: Collection[str], place: Span) -> Diagnostic:
    """A name that is neither declared nor in the library."""
    help = _MEANT.get(name) or renamed.new_name(name) or did_you_mean(name, known)
    label = "not declared here, and not in the library"
    listed = "`ssldsl ops` lists what the library has"
    return Diagnostic("N201", f"nothing is called `{name}`", place, label, help=help or listed)


def file_without_quotes(place: Span) -> Diagnostic:
    """The name of a file, written like a name: `weights(resnet.pt)`."""
    help = f'a text has quotes: `"{place.text}"`'
    return Diagnostic("N201", f"`{place.text}` looks like the name of a file", place, "no quotes", help=help)


def declared_twice(name: str, place: Span, first: Span) -> Diagnostic:
    """A second declaration of a name."""
    notes = (Note(first, "first declared here"),)
    return Diagnostic("N202", f"`{name}` is declared twice", place, "declared again here", notes)


def word_of_rounds(name: str, place: Span, rounds: Span) -> Diagnostic:
    """A declaration that is called like what rounds have: `round`, `previous`."""
    notes = (Note(rounds, "a stage with rounds"),)
    return Diagnostic(
        "N202", f"in rounds `{name}` has a meaning of its own", place, notes=notes, help="call it otherwise"
    )


def stream_of_another_stage(name: str, place: Span, other: Span) -> Diagnostic:
    """A stream of a name that another stage has taken."""
    notes = (Note(other, "the other stream of this name"),)
    help = "streams of all stages share one set of names, under which their draws are known"
    return Diagnostic("N202", f"another stage has a stream `{name}`", place, notes=notes, help=help)


def key_twice(key: str, place: Span, first: Span) -> Diagnostic:
    """A key that stands in a map already."""
    notes = (Note(first, "the first time"),)
    return Diagnostic("N202", f"`{key}` stands twice in this map", place, "the second time", notes)


def set_twice(name: str, place: Span, first: Span) -> Diagnostic:
    """A setting that is written again."""
    return Diagnostic("N202", f"`{name}` is set twice", place, "set again here", (Note(first, "first set here"),))


def term_called_as_the_whole(name: str, place: Span) -> Diagnostic:
    """A term with the name under which the sum of all terms is recorded."""
    message = f"a term cannot be called `{name}`, which is the name of the whole"
    return Diagnostic("N202", message, place, help="give it another name with `as`")


def terms_of_one_name(name: str, place: Span, first: Span) -> Diagnostic:
    """A second term that is given a name by `as`."""
    return _second(f"two terms are called `{name}`", place, first)


def evaluations_of_one_name(name: str, place: Span, first: Span) -> Diagnostic:
    """A second evaluation that is given a name by `as`."""
    return _second(f"two evaluations are called `{name}`", place, first)


def watches_of_one_name(name: str, place: Span, first: Span) -> Diagnostic:
    """A second watch that is given a name by `as`."""
    return _second(f"two watches are called `{name}`", place, first)


def watch_called_as_a_term(name: str, place: Span, term: Span) -> Diagnostic:
    """A watch with the name of a term."""
    message = f"a watch and a term of the loss are both called `{name}`"
    return Diagnostic("N202", message, place, "the watch", (Note(term, "the term"),), help=_RENAME)


def _second(message: str, place: Span, first: Span) -> Diagnostic:
    notes = (Note(first, "the first one"),)
    return Diagnostic("N202", message, place, "the second one", notes, help=_RENAME)


# --- members and arguments --------------------------------------------------------------------------------------


def no_argument(callee: str, name: str, takes: Sequence[str], place: Span) -> Diagnostic:
    """An argument with a name that the callee does not know, or knew once."""
    listed = f"it takes: {', '.join(takes)}" if takes else "it takes no arguments"
    help = renamed.new_argument(callee, name) or did_you_mean(name, takes) or listed
    return Diagnostic("N203", f"`{callee}` has no argument `{name}`", place, help=help)


def no_member(value: str, kind: str, name: str, place: Span, members: Collection[str], help: str) -> Diagnostic:
    """A field, split or attribute that a value has not. `help`: where none has a name like it."""
    near = renamed.new_attribute(name) or did_you_mean(name, members)
    return Diagnostic("N204", f"{value} has no {kind} `{name}`", place, help=near or help)


def no_item(value: str, number: str, place: Span) -> Diagnostic:
    """An item of a list, by its number. `value`: the list, as a message names it."""
    help = "items are `first(list)` and `last(list)`, the first n of them `first(list, n)`"
    if number in ("first", "last"):
        help = f"it is a word that is called: `{number}(list)`, or `list.{number}()`"
        return Diagnostic("N204", f"{value} has no attribute `{number}`", place, help=help)
    return Diagnostic("N204", f"{value} has no attribute `{number}`: its items have no numbers", place, help=help)


def numbers_of_mixed(name: str, op: str, place: Span) -> Diagnostic:
    """The number of the sample of rows, each of which an op has made of several."""
    message = f"a row that `{op}` made has no `{name}`: it is made of several samples"
    return Diagnostic("N204", message, place, help=f"ask for it before they are mixed: `labeled.{name}`")


def no_method(value: str, name: str, place: Span, known: Collection[str]) -> Diagnostic:
    """`x.f(...)` where `x` has no `f`, and no op has the name."""
    listed = "`ssldsl ops` lists the ops of the library"
    help = _MEANT.get(name) or renamed.new_name(name) or did_you_mean(name, known) or listed
    return Diagnostic("N204", f"{value} has no attribute `{name}`, and no op is called that", place, help=help)


def no_width(op: str, place: Span) -> Diagnostic:
    """`.dim` of a network whose output has none."""
    return Diagnostic("N204", f"`{op}` has no width", place)


def no_common_numbers(stream: str, field: str, place: Span) -> Diagnostic:
    """Sample numbers of rows that stem from several data sets."""
    message = f"the rows of `{stream}` have no common field `{field}`"
    label = "different samples of different data have the same number"
    help = "compare the rows of each stream by themselves: `a | b` instead of `concat(a | b)`"
    return Diagnostic("N204", message, place, label, help=help)


def no_common_positions(stream: str, place: Span) -> Diagnostic:
    """Positions of rows that stem from several streams."""
    message = f"the rows of `{stream}` have no common field `position`"
    label = "every stream counts its own samples"
    help = "a stream of all of them, such as `stream all = unlabel(images.train)`, has one count for all"
    return Diagnostic("N204", message, place, label, help=help)


def no_numbers_in_an_eval(field: str, place: Span, evaluation: Span | None) -> Diagnostic:
    """Sample numbers of whole data sets."""
    message = f"an eval reads all samples of a data set, and `{field}` says which of them a step has drawn"
    help = (
        "a memory with a row for every sample is read by a term, or by a `watch`; a `bank` also by its name in an eval"
    )
    return Diagnostic("N204", message, place, notes=read_by(evaluation, place), help=help)


def no_setting(name: str, settings: Collection[str], place: Span) -> Diagnostic:
    """A setting that is not there."""
    listed = f"to name a value, write `let {name} = ...`; settings are: {', '.join(settings)}"
    help = _SETTINGS_MEANT.get(name) or did_you_mean(name, settings) or listed
    return Diagnostic("N206", f"there is no setting `{name}`", place, help=help)


# --- circles ----------------------------------------------------------------------------------------------------


def defined_by_itself(
    name: str, place: Span, others: Sequence[Span], *, hides_op: bool = False, remembers: bool = False
) -> Diagnostic:
    """Declarations that need each other. others: the rest of the circle. hides_op: an op has this name too.

    remembers: one of them is a memory, which would be written by what it gives.
    """
    label = "part of the circle" if others else "needs itself"
    notes = tuple(Note(span, "so is this") for span in others)
    help = "a declaration may use other names, as long as no circle arises"
    if remembers:
        help = (
            "what a memory remembers does not hang on what it gives; a memory of your own may do both in its `commit`"
        )
    elif hides_op and not others:
        help = f"this name hides the op `{name}`: choose another for the declaration"
    return Diagnostic("N207", f"`{name}` is defined by itself", place, label, notes, help=help)


def calls_itself(name: str, place: Span, declared: Span) -> Diagnostic:
    """A definition that is written out in itself."""
    label = "definitions are written out in place, so they cannot recur"
    return Diagnostic("N207", f"`{name}` calls itself", place, label, (Note(declared, "defined here"),))


def extends_itself(variant: str, place: Span) -> Diagnostic:
    """Variants that extend each other."""
    return Diagnostic("N207", f"variant `{variant}` extends itself", place)


# --- what a definition takes from the place of its call ---------------------------------------------------------


def nothing_to_use(definition: str, name: str, default: str, missing: str, example: str, call: Span) -> Diagnostic:
    """A `using` parameter that the call leaves out. `default`: what it stands for; `example`: the call with it."""
    taken = f"`{definition}` takes `{name} = {default}` from the place of its call"
    message = f"{taken}, and nothing here is called `{missing}`"
    return Diagnostic("N208", message, call, help=f"declare `{missing}`, or pass it: `{example}`")


# --- files and libraries ----------------------------------------------------------------------------------------


def file_outside(name: str, place: Span) -> Diagnostic:
    """A file that lies elsewhere."""
    help = "copy the file beside the spec: a spec reads nothing outside its own folder"
    return Diagnostic("N209", f"`{name}` lies outside the folder of the spec", place, help=help)


def no_file(name: str, beside: Collection[str], place: Span) -> Diagnostic:
    """A file that is not there. `beside`: the files that are."""
    shown = name if len(name) <= 60 else f"{name[:56]} ..."
    help = did_you_mean(name, beside) or "a path starts at the folder of the spec"
    return Diagnostic("N209", f"there is no file `{shown}` beside the spec", place, help=help)


def file_of_another_kind(ending: str, place: Span) -> Diagnostic:
    """A file that is neither a spec nor Python."""
    help = "values that several specs share stand in a `.ssl` file, as params"
    return Diagnostic("N209", f"`use` takes a `.ssl` file or a `.py` file of ops, found `{ending}`", place, help=help)


def circle_of_files(name: str, place: Span) -> Diagnostic:
    """Files that use each other."""
    return Diagnostic("N209", f"`{name}` uses this file in turn", place, "a circle of files")


def unreadable_file(name: str, why: str, place: Span) -> Diagnostic:
    """A file that is no text, or that nobody may read."""
    return Diagnostic("N209", f"`{name}` cannot be read: {why}", place)


def no_library(name: str, installed: Collection[str], place: Span) -> Diagnostic:
    """A library that is not installed."""
    help = did_you_mean(name, installed) or 'a file is written in quotes: `use "my_ops.py"`'
    return Diagnostic("N209", f"no library `{name}` is installed", place, help=help)


def reserved_ops(library: str, names: Sequence[str], place: Span) -> Diagnostic:
    """Ops of an installed library whose names are words of the language or primitives."""
    what = ["an op", "a name"] if len(names) == 1 else ["ops", "names"]
    listed = " and ".join(f"`{name}`" for name in names)
    message = f"the installed library `{library}` has {what[0]} {listed}, {what[1]} that ssldsl uses itself"
    return Diagnostic("R204", message, place, help="its authors have to choose another name")


# --- edits ------------------------------------------------------------------------------------------------------


def no_variant(name: str, variants: Collection[str], place: Span) -> Diagnostic:
    """A variant that the file has not."""
    help = did_you_mean(name, variants) or f"variants of this file: {', '.join(variants) or 'none'}"
    return Diagnostic("N210", f"there is no variant `{name}`", place, help=help)


def nothing_to_change(path: str, where: str, place: Span, help: str) -> Diagnostic:
    """An edit of something that is not there."""
    return Diagnostic("N210", f"there is nothing called `{path}` in {where} to change", place, help=help)


def no_term(stage: str, term: str, terms: Collection[str], place: Span) -> Diagnostic:
    """An edit of a term that the stage it names has not. `stage`: what a message calls it."""
    help = did_you_mean(term, terms) or f"its terms are: {', '.join(terms)}"
    return Diagnostic("N210", f"the loss of {stage} has no term `{term}`", place, help=help)


def no_term_anywhere(term: str, place: Span, terms: Collection[str]) -> Diagnostic:
    """An edit of a term that no stage has."""
    help = did_you_mean(term, terms) or f"terms are: {', '.join(terms)}"
    return Diagnostic("N210", f"no loss has a term `{term}`", place, help=help)
