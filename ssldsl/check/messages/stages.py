"""D5xx: time, stages and their settings."""

import math
from collections.abc import Collection, Sequence
from typing import Any

from ssldsl.check.messages import shapes
from ssldsl.errors import Diagnostic, Note, did_you_mean
from ssldsl.ops.arguments import duration_advice
from ssldsl.source import Span
from ssldsl.types import COUNTED, TensorType
from ssldsl.values import is_number

# --- time -------------------------------------------------------------------------------------------------------


def no_duration(name: str, value: Any, found: str, place: Span, help: str = "") -> Diagnostic:
    """Something else where a length of time is wanted. `found`: what a message calls it."""
    shown = f"a bare number `{place.text}`" if is_number(value) else found
    label = "in what unit?" if is_number(value) else ""
    help = help or duration_advice(value)
    return Diagnostic("D501", f"`{name}` wants a duration, found {shown}", place, label, help=help)


def share_of_itself(name: str, place: Span) -> Diagnostic:
    """The length of a run in percent."""
    help = "write it in `ep` or `it`"
    return Diagnostic("D510", f"`{name}` cannot be a share of itself", place, "of what?", help=help)


def endless_run(stage: str, run: str, steps: float, most: int, place: Span | None) -> Diagnostic:
    """A stage of more steps than anybody waits for."""
    message = f"{stage} runs for {run}: {steps:.3g} steps do not end"
    label = f"fewer than {most:,} steps are allowed"
    return Diagnostic(
        "D524", message, place, label, help="for example `run = 30ep`; the largest papers take some millions of steps"
    )


def no_length_before_then(place: Span) -> Diagnostic:
    """`then` after a schedule that never ends."""
    message = "what stands before `then` has no length of its own"
    help = "`then` follows a schedule with a length: `warmup(5ep) then cosine()`"
    return Diagnostic("D511", message, place, "how long does it last?", help=help)


def deep_schedule(most: int, place: Span) -> Diagnostic:
    """Schedules inside schedules without end."""
    message = f"a schedule is made of at most {most} schedules and numbers inside each other"
    return Diagnostic("D520", message, place, help="let one schedule op say it")


def endless_program(place: Span) -> Diagnostic:
    """Definitions that double each other."""
    help = "definitions, lists, schedules and networks that stand twice in each other double at every level"
    label = "written out, this has no end in sight"
    return Diagnostic("D520", "this program grows too large", place, label, help=help)


def deep_program(levels: int, place: Span) -> Diagnostic:
    """Names that need each other in too long a chain."""
    message = f"names and definitions lead to each other more than {levels:,} levels deep"
    return Diagnostic("D520", message, place, help="make the chain of names that use each other shorter")


# --- what a stage says ------------------------------------------------------------------------------------------


def no_length(stage: str, place: Span) -> Diagnostic:
    """A stage without `run`. `stage`: what a message calls it."""
    help = "for example `run = 30ep` (passes over the clock stream) or `run = 500it` (steps)"
    return Diagnostic("D504", f"{stage} does not say how long it runs", place, help=help)


def no_loss(stage: str, place: Span) -> Diagnostic:
    """A stage without `loss`."""
    return Diagnostic("D504", f"{stage} has no loss", place, help="for example `loss = ce(labeled)`")


def nothing_left(term: str, place: Span) -> Diagnostic:
    """An edit that drops the last term."""
    return Diagnostic("D504", f"without `{term}` nothing is left of the loss", place)


def outside_of_stages(word: str, place: Span) -> Diagnostic:
    """A setting or statement of a stage, above all of them."""
    return Diagnostic("D508", f"`{word}` belongs to a stage", place, help="write it inside a stage")


def outside_of_updates(name: str, place: Span) -> Diagnostic:
    """A setting of the whole stage, in one of its updates."""
    message = f"`{name}` is a setting of the whole stage, and not of one of its updates"
    return Diagnostic("D527", message, place, help="move it out of the update")


def beside_updates(word: str, place: Span) -> Diagnostic:
    """A `loss` or a `train` of a stage whose updates have their own."""
    message = f"`{word}` stands beside the updates of the stage, each of which has its own"
    return Diagnostic("D527", message, place, help="move it into an update")


def update_without_terms(name: str, place: Span) -> Diagnostic:
    """An update whose terms are all dropped."""
    message = f"nothing is left of the loss of update `{name}`"
    return Diagnostic("D504", message, place, help=f"take out the whole of it: `drop {name}`")


def with_several_updates(name: str, value: str, why: str, place: Span) -> Diagnostic:
    """A setting that a step of several updates cannot have."""
    message = f"a step of several updates cannot have `{name} = {value}`"
    return Diagnostic("D527", message, place, why, help=f"leave out `{name}`")


def nobody_to_take_turns(place: Span) -> Diagnostic:
    """`turns` in a stage of a single update."""
    help = "for example `update main { loss = ... }` and `update over { loss = ... }`"
    return Diagnostic("D527", "`turns` is for several updates, and there are no two", place, help=help)


def no_rows(found: str, is_number: bool, example: str, place: Span) -> Diagnostic:
    """A `batch` that is no map. `example`: the map as it could be."""
    label = "a whole number above 0 would be the rows of each" if is_number else ""
    help = f"for example `batch = {{{example}}}`"
    return Diagnostic("D505", f"`batch` gives every stream its rows, found {found}", place, label, help=help)


def rows_not_said(stream: str, example: int, place: Span) -> Diagnostic:
    """A stream that the loss reads and `batch` leaves out."""
    message = f"`batch` does not say how many rows of `{stream}` a step takes"
    return Diagnostic("D505", message, place, help=f"add `{stream}: {example}`")


def too_many_rows(stream: str, rows: int, most: int, place: Span) -> Diagnostic:
    """More rows than a step can have."""
    message = f"the rows of `{stream}` must be at most {most:,}, found {rows:,}"
    return Diagnostic(
        "D505", message, place, help="a step takes a part of the data; `run` says how many steps there are"
    )


def unequal_parts(stream: str, rows: int, parts: int, place: Span, batch: Span) -> Diagnostic:
    """Rows that cannot be split equally."""
    message = f"{rows:,} rows of `{stream}` cannot be split into {parts:,} equal parts"
    notes = (Note(batch, "the rows"),)
    return Diagnostic("D525", message, place, "no row may be left out", notes, help=_equal_instead(rows, parts))


def _equal_instead(rows: int, parts: int) -> str:
    """The numbers nearby that go: of parts, and of rows."""
    divisors = {d for n in range(1, math.isqrt(rows) + 1) if rows % n == 0 for d in (n, rows // n)}
    fewer, more = max(d for d in divisors if d <= parts), -(-rows // parts) * parts
    return f"take `accumulate = {fewer}`" + (f", or {more:,} rows" if more < 2 * rows else "")


def no_stream(name: str, streams: Collection[str], place: Span) -> Diagnostic:
    """Rows of a stream that is not there."""
    return Diagnostic("D505", f"there is no stream `{name}`", place, help=did_you_mean(name, streams))


def rows_of_others(name: str, is_join: bool, streams: Sequence[str], place: Span) -> Diagnostic:
    """Rows of a join or a view. `streams`: those that have the rows."""
    what = "a join of other streams" if is_join else "a view of another stream"
    help = f"give the rows of {', '.join(f'`{s}`' for s in streams)}"
    return Diagnostic("D505", f"`{name}` is {what}, and has no rows of its own", place, help=help)


def no_count_of_rows(stream: str, value: Any, found: str, place: Span) -> Diagnostic:
    """Rows that are no whole number above 0."""
    message = f"the rows of `{stream}` must be a whole number above 0, found {found}"
    is_quoted = isinstance(value, str) and value.isdigit()
    return Diagnostic("D505", message, place, help=f"write `{stream}: {value}`" if is_quoted else "")


def no_clock(found: str, streams: Sequence[str], place: Span) -> Diagnostic:
    """A clock that `batch` does not draw."""
    message = f"`clock` must name a stream that `batch` draws, found {found}"
    return Diagnostic("D506", message, place, help=f"one of {', '.join(f'`{s}`' for s in streams)}")


_GROUPS = "for example `groups = {classes: {lr: 0.5, weight_decay: 0}}`"


def no_groups(found: str, place: Span) -> Diagnostic:
    """`groups` that are no map."""
    return Diagnostic("D509", f"`groups` maps networks to settings, found {found}", place, help=_GROUPS)


def no_settings_of_group(path: str, found: str, place: Span) -> Diagnostic:
    """A group whose settings are no map."""
    return Diagnostic("D509", f"the settings of `{path}` are a map, found {found}", place, help=_GROUPS)


def untrained_group(stage: str, path: str, trained: Sequence[str], place: Span) -> Diagnostic:
    """A group of something that the stage does not train."""
    help = did_you_mean(path, trained) or f"it trains: {', '.join(trained)}"
    return Diagnostic("D509", f"{stage} does not train `{path}`", place, help=help)


# --- stages after stages ----------------------------------------------------------------------------------------


def no_stage(name: str, stages: Collection[str], place: Span) -> Diagnostic:
    """A variant of a stage that is not there."""
    help = did_you_mean(name, stages) or f"stages are: {', '.join(stages) or 'none'}"
    return Diagnostic("D503", f"there is no stage `{name}`", place, help=help)


def no_stage_before(name: str, stages: Collection[str], place: Span) -> Diagnostic:
    """`after` a stage that is not there."""
    help = did_you_mean(name, stages) or f"stages are: {', '.join(stages)}"
    return Diagnostic("D503", f"there is no stage `{name}` to come after", place, help=help)


def circle_of_stages(name: str, place: Span, others: Sequence[Span]) -> Diagnostic:
    """Stages that come after each other."""
    notes = tuple(Note(span, "part of the circle") for span in others)
    return Diagnostic("D503", f"stage `{name}` comes after itself", place, "a circle of stages", notes)


def reads_itself(stage: str, place: Span) -> Diagnostic:
    """A network with the weights that the stage which reads it will leave."""
    help = "name a stage that comes before it"
    return Diagnostic("D503", f"stage `{stage}` cannot read what it will have trained", place, help=help)


def comes_not_after(stage: str, earlier: str, place: Span) -> Diagnostic:
    """Weights of a stage that need not have ended."""
    help = f"write `stage {stage} after {earlier} {{`"
    if stage.partition(".")[0] == earlier.partition(".")[0]:
        help = "a round reads the rounds before it: `previous` is the last of them"
    return Diagnostic("D503", f"stage `{stage}` does not come after `{earlier}`", place, help=help)


def best_in_a_step(nets: str, place: Span) -> Diagnostic:
    """The best of some networks where they are trained, taken over, or make data."""
    message = "which network of a list is the best is measured by an `eval`, and steers nothing else"
    own = nets.rpartition(".")[2]
    help = f"name one of them, `{nets}.0`, or all: `{nets}(z)` is a list, and `init {own} from ...` takes over each"
    return Diagnostic("D433", message, place, help=help)


def best_by_no_term(nets: str, term: str, known: Collection[str], place: Span) -> Diagnostic:
    """A choice by something that is no term with an item for each network."""
    help = did_you_mean(term, known) or (f"there are: {', '.join(known)}" if known else "")
    help = help or f"such a term is a mean over what the list gives: `mean(entropy({nets}(z))) as assign`"
    return Diagnostic("D433", f"no term called `{term}` has an item for each network of `{nets}`", place, help=help)


def keeps_nothing(stage: str, name: str, known: Collection[str], place: Span) -> Diagnostic:
    """A checkpoint that is to be chosen by a number that nobody records."""
    help = did_you_mean(name, known) or f"there are: {', '.join(known)}"
    return Diagnostic("D432", f"{stage} records no single number called `{name}`", place, help=help)


def keeps_one_of_two(stage: str, name: str, place: Span, others: Collection[Span]) -> Diagnostic:
    """A checkpoint that is to be chosen by a name that two recorded numbers have."""
    notes = tuple(Note(other, "one of them") for other in others)
    message = f"{stage} records two numbers called `{name}`"
    help = "give one of them a name of its own by `as`"
    return Diagnostic("D432", message, place, "which of them chooses the checkpoint?", notes, help=help)


def random_there(stage: str, path: str, place: Span) -> Diagnostic:
    """A network of an earlier stage that did not train it."""
    message = f"stage `{stage}` neither trains nor initializes `{path}`, which is random there"
    help = f"use `{path}` in the loss of `{stage}`, or take the network of another stage"
    return Diagnostic("D514", message, place, help=help)


def no_origin(value: Any, found: str, place: Span, stage: str = "") -> Diagnostic:
    """Weights from something that has none. `stage`: it is a network of that stage."""
    help = 'for example `init encoder from pretrain`, or `from weights("resnet50.safetensors")`'
    if isinstance(value, str):
        help = f'a file is named by `weights("{value}")`'
    if stage:
        help = f"a network takes over weights of its own name: `init NAME from {stage}`"
        help += "; a fixed copy of another is `ema(NAME, momentum=1)`"
    return Diagnostic("D507", f"weights come from a stage, a file or another run, found {found}", place, help=help)


def memory_of_no_stage(name: str, is_average: bool, place: Span) -> Diagnostic:
    """A memory that is to come from somewhere else than an earlier stage."""
    help = "write `init NAME from STAGE`; weights may come from elsewhere, in an `init` of their own"
    message = f"the memory `{name}` goes on from an earlier stage of this spec"
    return Diagnostic("D523", message, place, "a memory has no average" if is_average else "", help=help)


def keeps_no_memory(stage: str, name: str, place: Span) -> Diagnostic:
    """A memory that one of two stages does not keep."""
    help = f"a stage keeps the memories that its loss reads: `{name}` is a `let` above the stages, read by both"
    return Diagnostic("D523", f"stage `{stage}` keeps no memory `{name}`", place, help=help)


def other_memory(name: str, stage: str, before: str, found: str, place: Span) -> Diagnostic:
    """A memory that is another one in the stage that it is taken over from."""
    message = f"`{name}` is not the memory that stage `{stage}` keeps"
    label = f"there {before}, and here {found}"
    return Diagnostic("D523", message, place, label, help="let both stages read one `let` above the stages")


def rows_of(type_: TensorType) -> str:
    """What a memory takes: kind and shape of a row, or of how many samples a row for each is kept."""
    if type_.classes is not None and len(type_.dims) == 1:
        return f"{shapes.size(type_.classes)} {COUNTED[type_.kind]}"
    return shapes.shaped(type_.kind, type_.dims[1:], type_.classes)


def keeps_no_average(stage: str, place: Span, written: str = ".average") -> Diagnostic:
    """Averaged weights of a stage that averages none. `written`: what asks for them."""
    help = f"write `average = polyak(half_life=1ep)` in `{stage}`, or leave `{written}` out"
    return Diagnostic("D507", f"stage `{stage}` keeps no average of its weights", place, help=help)


def data_network_in_step(stage: str, network: str, place: Span) -> Diagnostic:
    """A network as an earlier stage left it, in a loss or an evaluation. `network`: as the spec writes it."""
    message = f"`{network}` (as stage `{stage}` left it) can be used only in a data op such as `pseudo_label`"
    help = f"elsewhere a fixed network is one with `init ... from {stage}` that the stage does not train"
    help += ", or a copy that stays as it begins: `net fixed = ema(encoder, momentum=1)`"
    return Diagnostic("D512", message, place, help=help)


def held_memory_in_step(stage: str, place: Span) -> Diagnostic:
    """What a memory held when a stage ended, in a loss or an evaluation."""
    name = place.text.rpartition(".")[2]
    message = f"`{place.text}` (as stage `{stage}` left it) can be used only in a data op such as `with_neighbors`"
    return Diagnostic(
        "D512", message, place, help=f"in a step it is `{name}`, which `init {name} from {stage}` lets go on"
    )


def no_weights_yet(op: str, path: str, place: Span) -> Diagnostic:
    """A network without a stage, where data are made."""
    message = f"`{op}` makes data before a stage begins, and nothing says with which weights of `{path}`"
    help = "write the stage that trained it before its name, `STAGE.NETWORK`, or `every=1ep`: with the present weights"
    return Diagnostic("D513", message, place, help=help)


def between_steps(name: str, length: str, place: Span) -> Diagnostic:
    """A pace that is no whole number of steps."""
    return Diagnostic("D526", f"`{name}` is a whole number of steps, found {length}", place, "between two steps")


def faster_than_steps(length: str, steps: int, clock: str, place: Span) -> Diagnostic:
    """A pace below one step. `steps`: of a pass over the clock stream."""
    message = f"`every` is {length}, which is less than a step"
    label = f"a pass over `{clock}` has {steps:,} steps"
    return Diagnostic("D526", message, place, label, help="write it in steps: `every=1it` is the least")


def beyond_the_stage(length: str, run: str, place: Span) -> Diagnostic:
    """A pace that is longer than the stage."""
    message = f"`every` is {length}, and the stage ends after {run}"
    help = "make it shorter; to compute it once, leave `every` out and name the stage whose networks are meant"
    return Diagnostic("D526", message, place, "it would never be computed again", help=help)


def computed_of_changing_data(op: str, before: str, place: Span, other: Span) -> Diagnostic:
    """Data computed of data that change while a stage trains."""
    message = f"`{op}` computes something of data that `{before}` computes again and again"
    notes = (Note(other, "these change while the stage trains"),)
    help = "compute both of the same data, in streams of their own"
    return Diagnostic("D526", message, place, "of which of them?", notes, help=help)


def other_data_set(op: str, edge: str, place: Span, data: Span) -> Diagnostic:
    """Samples of another data set. `data`: where those are written that the op changes."""
    message = f"`{edge}` of `{op}` are samples of another data set"
    notes = (Note(data, "the data"),)
    help = "give a part of the same split, such as a `subset` of it"
    return Diagnostic("D515", message, place, "their numbers say nothing here", notes, help=help)


def other_samples(op: str, edge: str, place: Span, data: Span) -> Diagnostic:
    """What was computed of other samples."""
    message = f"`{edge}` of `{op}` are those of other samples"
    return Diagnostic(
        "D515", message, place, "", (Note(data, "the data"),), help="compute them from the data themselves"
    )
