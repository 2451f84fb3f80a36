"""`@op`: says that a function or module is an op of the language, and the few traits that a signature cannot hold."""

from collections.abc import Callable, Mapping
from typing import Any, Literal, TypeVar

from attrs import frozen

T = TypeVar("T", bound=Callable[..., object])

_wrapper: Callable[[Any], Any] | None = None  # what tests put around every op (`ssldsl.ops.contract`)


def wrap_ops(wrapper: Callable[[Any], Any] | None) -> Callable[[Any], Any] | None:
    """Put something around every op that is marked from now on; gives what stood there before."""
    global _wrapper
    before, _wrapper = _wrapper, wrapper
    return before


@frozen
class OpTraits:
    """What `@op(...)` says. Every value is a literal: the static reader takes it from the source text.

    paper: key in `stdlib/papers.bib`.
    batch_coupled: rows of the result depend on one another (batch normalization); a mapping names the settings that
        make it so.
    random: of a network: its forward pass draws random numbers where it learns (dropout), from torch's own generator,
        which is seeded for every step, and for every row by itself; so rows that are wanted twice are drawn twice. A
        string names the setting that makes it so where it is above 0.
    across: how a value over the joined batch of several processes comes about. `mean`: it is the mean of the processes'
        values; `gather`: the op, or the network, must see the rows of all processes. Left out, it is `gather` of what
        has the rows of a batch in two dimensions, and otherwise `mean`.
    splits, fields, classes: of a data source: size of every split, shape of every field ("3 32 32"), number of classes.
        A string names a setting or, where nothing has that name, a size that is known only once the data is read.
    forwards: of an op that takes a network: how often it runs it, as an expression over its settings ("1+iterations").
    first_copy_is_input: of a view that multiplies rows: the first copy of every row is the row itself.
    size, drops: of an op from data to data: the setting that holds the new size; the field it removes. `size="-count"`:
        the setting holds by how much it is smaller. `size="data+other"`: the samples of both edges, numbered anew;
        `size="data-other"`: those of the first that the second, a part of the same data, has not; `size="?"`: a part of
        the data, whose size they alone know.
    held_out: of an op from data to data: what it gives is for evaluation, so a loss must not see it. False: a loss may
        see it although it was held out, on purpose; `check` and the report say so.
    provenance: of an op from data to data that computes labels: what they are called ("pseudo"). `classes` then names
        the size, among those of its tensors, that is the number of classes.
    adds: of an op from data to data that reads tensors: fields of a sample that it computes, with their kind and shape
        ("Probs[classes]"; of Labels, how many there are, "Labels[clusters]", "Labels[samples]"), and perhaps the
        setting they depend on ("Probs[classes] if soft").
    copies: of a loss over copies of samples: the edge with the numbers of samples, some of which must come twice.
    holds: of a memory: the setting that says how many rows it holds, which must be as many as a step commits.
    least_rows: of an op that compares the rows of a batch: how many it must have at least, a number or the setting of
        which a batch has more.
    applied_to: of an op that takes a network: the edge whose rows the network must take.
    needs: a package that only this op needs, by the name it is imported by, which is also that of our extra for it.
    keeps_prediction: the result says of every row what its one input says, as a softmax does, so a loss between the
        two teaches nothing. A mapping names the settings for which that is so. Left out, it holds where the source of
        the op is that of a softmax, such as `return logits.softmax(dim=-1)`.
    uniform: of a loss, the dimension of its scores whose logarithm it is where all classes are equally likely.
    batch_rows: the setting that, where it is none, becomes the number of rows of the whole batch, whatever processes
        and parts share it.
    picture: how what a metric gives is drawn: `"confusion"` for a matrix whose rows are true and whose columns are
        predicted classes, `"decisions"` for places that are a grid, each with the class it is given.
    identity: settings any of which, at this value, makes the result the first input: `{"p": 0}` of a random flip. Of a
        schedule: that make it 1 in every step.
    drawn_by: of an op from data to data: the setting that names the field of which a step draws every value equally
        often.
    takes_bytes: of a view, that images may come as bytes, as files hold them, and then go out as bytes, rounded.
    fixed: of a network, that nothing in it learns: what it holds is drawn once and stays.
    role: of an op outside the standard library, where it does not follow from the signature ("heads", "views", ...).
    """

    paper: str = ""
    batch_coupled: bool | Mapping[str, object] = False
    across: Literal["", "mean", "gather"] = ""
    splits: Mapping[str, int | str] | None = None
    fields: Mapping[str, str] | None = None
    classes: int | str | None = None
    size: str = ""
    drops: str = ""
    forwards: int | str = 1
    first_copy_is_input: bool = False
    role: str = ""
    held_out: bool | None = None
    provenance: str = ""
    adds: Mapping[str, str] | None = None
    holds: str = ""
    copies: str = ""
    needs: str = ""
    applied_to: str = ""
    least_rows: int | str = 0
    random: bool | str = False
    keeps_prediction: bool | Mapping[str, object] | None = None
    uniform: str = ""
    batch_rows: str = ""
    picture: Literal["", "confusion", "decisions"] = ""
    fixed: bool = False
    takes_bytes: bool = False
    identity: Mapping[str, object] | None = None
    drawn_by: str = ""


def op(
    *,
    paper: str = "",
    batch_coupled: bool | Mapping[str, object] = False,
    across: Literal["", "mean", "gather"] = "",
    splits: Mapping[str, int | str] | None = None,
    fields: Mapping[str, str] | None = None,
    classes: int | str | None = None,
    size: str = "",
    drops: str = "",
    forwards: int | str = 1,
    first_copy_is_input: bool = False,
    role: str = "",
    held_out: bool | None = None,
    provenance: str = "",
    adds: Mapping[str, str] | None = None,
    holds: str = "",
    copies: str = "",
    needs: str = "",
    applied_to: str = "",
    least_rows: int | str = 0,
    random: bool | str = False,
    keeps_prediction: bool | Mapping[str, object] | None = None,
    uniform: str = "",
    batch_rows: str = "",
    picture: Literal["", "confusion", "decisions"] = "",
    fixed: bool = False,
    takes_bytes: bool = False,
    identity: Mapping[str, object] | None = None,
    drawn_by: str = "",
) -> Callable[[T], T]:
    """Mark an op, with the traits of `OpTraits`. Nothing is registered: the library finds ops by their files."""
    traits = OpTraits(
        paper, batch_coupled, across, splits, fields, classes, size, drops, forwards, first_copy_is_input, role,
        held_out, provenance, adds, holds, copies, needs, applied_to, least_rows, random, keeps_prediction, uniform,
        batch_rows, picture, fixed, takes_bytes, identity, drawn_by,
    )  # fmt: skip

    def mark(function: T) -> T:
        function.ssldsl_traits = traits  # type: ignore[attr-defined]  # the mark
        return function if _wrapper is None else _wrapper(function)

    return mark


def traits_of(function: object) -> OpTraits:
    """What `@op(...)` says of an op that has been imported."""
    traits: OpTraits = function.ssldsl_traits  # type: ignore[attr-defined]  # the mark
    return traits
