"""What an expression can mean. Numbers, texts and durations stand for themselves; the rest has a class here."""

from collections.abc import Callable
from typing import Any

from attrs import evolve, field, frozen

from ssldsl.check.messages import shapes
from ssldsl.check.state.scope import Scope
from ssldsl.ir.nodes import Constant, Duration, Mode, Node, Scalar, Setting
from ssldsl.ops.arguments import said
from ssldsl.ops.signature import Signature
from ssldsl.source import Span
from ssldsl.syntax import tree
from ssldsl.types import DataType, Dim
from ssldsl.values import extent_of


class _Unknown:
    """The meaning of an expression that is wrong: said once, then silent wherever it flows."""

    def __repr__(self) -> str:
        return "unknown"


UNKNOWN = _Unknown()
UNNAMED = "the data"  # what a batch of no stream is called


@frozen
class Batch:
    """Some samples: the fields of a draw, of a whole data set, or of what a view made of one.

    main: `image` or `vector`. rows: which samples these are (absent for whole data sets).
    provenance: where the label comes from; empty if there is none. removed_at: where labels were taken away.
    """

    fields: tuple[tuple[str, Node], ...]
    main: str
    rows: Node | None
    stream: str
    provenance: str = "true"
    removed_at: Span | None = field(default=None, eq=False)
    full_dataset: bool = False

    @property
    def input(self) -> Node:
        return dict(self.fields)[self.main]

    def get(self, name: str) -> Node | None:
        return dict(self.fields).get(name)

    def with_fields(self, **changed: Node) -> "Batch":
        return evolve(self, fields=tuple((dict(self.fields) | changed).items()))


@frozen
class ListValue:
    """A list: `[...]`, a join `a | b`, or several draws. Nets and ops work on it item by item.

    extent: of all that is written in it, once for every place.
    """

    values: tuple[Any, ...]
    extent: int = field(init=False, eq=False, repr=False)

    @extent.default
    def _extent(self) -> int:
        return sum(map(extent_of, self.values))


@frozen
class MapValue:
    """A map: `{labeled: 50}`, with the place of every key and value."""

    values: tuple[tuple[str, Any], ...]
    spans: tuple[tuple[Span, Span], ...] = field(eq=False)


@frozen
class DataValue:
    """Data, and the views that a draw from it passes through. `of_stream`: the stream of whose draw these are views."""

    node: Node
    views: tuple["ViewPart", ...] = ()
    of_stream: str = ""

    @property
    def type(self) -> DataType:
        assert isinstance(self.node.type, DataType)
        return self.node.type


@frozen
class StreamRef:
    """A declared stream. In a loss it is its draw, in an eval the whole data set."""

    name: str


@frozen
class ViewPart:
    """One view with its settings."""

    signature: Signature
    settings: tuple[tuple[str, Setting], ...]
    span: Span = field(eq=False)


@frozen
class View:
    """Views in a row. `name`: of the `view` that declares them."""

    parts: tuple[ViewPart, ...]
    name: str = field(default="", eq=False)


@frozen
class Constructor:
    """A net or head that is described, and not yet owned by a declaration."""

    signature: Signature
    sizes: tuple[tuple[str, Dim], ...]
    settings: tuple[tuple[str, Setting], ...]
    span: Span = field(eq=False)

    @property
    def parts(self) -> "tuple[Constructor]":
        """As of a network: the one that it is."""
        return (self,)


@frozen
class NetPart:
    """A declared module, by path; `part` selects a piece of it (`f.layer4`). `mode`: how it runs, if not as usual.

    by: of the best of a list, the term that says which is the best.
    """

    path: str
    part: str = ""
    mode: Mode = ""
    by: str = ""


@frozen
class Beside:
    """Networks side by side, `rgb & edges`: each gets the same rows, and their features are joined."""

    nets: tuple["Network", ...]


@frozen
class Network:
    """A network: what is applied first stands first. A constructor among the parts has no owner yet.

    A view that draws nothing may be among them: it is a constructor that nobody comes to own.
    """

    parts: tuple[NetPart | Constructor | Beside, ...]
    extent: int = field(init=False, eq=False, repr=False)  # of all its parts, once for every place

    @extent.default
    def _extent(self) -> int:
        return sum(sum(map(extent_of, p.nets)) if isinstance(p, Beside) else 1 for p in self.parts)

    @property
    def declared(self) -> tuple[NetPart, ...]:
        """The declared modules of it, also of networks side by side."""
        return tuple(
            part
            for own in self.parts
            for part in ([p for net in own.nets for p in net.declared] if isinstance(own, Beside) else [own])
            if isinstance(part, NetPart)
        )

    def changed(self, change: Callable[[NetPart], NetPart]) -> "Network":
        """The network with each of its declared modules changed."""

        def one(part: NetPart | Constructor | Beside) -> NetPart | Constructor | Beside:
            if isinstance(part, Beside):
                return Beside(tuple(net.changed(change) for net in part.nets))
            return change(part) if isinstance(part, NetPart) else part

        return Network(tuple(map(one, self.parts)))

    @property
    def mode(self) -> str:
        """The word that says how a part of it runs, where that is not as usual."""
        return next((part.mode for part in self.declared if part.mode), "")


@frozen
class NetList:
    """Several networks of one declaration, `head heads[5] = ...`: what is given goes to each. `path`: of the list."""

    path: str
    nets: tuple[Network, ...]

    @property
    def mode(self) -> str:
        return self.nets[0].mode


@frozen
class LossPart:
    """One additive term. `named`: by `as`; otherwise it has the name of the function that made it.

    update: of which of the updates that a step makes.
    """

    name: str
    named: bool
    weight: Scalar
    node: Node
    span: Span = field(eq=False)
    update: int = 0


@frozen
class Loss:
    """A weighted sum of terms."""

    parts: tuple[LossPart, ...]

    def scaled(self, by: Any) -> "Loss":
        return Loss(tuple(evolve(p, weight=by(p.weight)) for p in self.parts))


@frozen
class Function:
    """A `def`, with the scope it was written in."""

    definition: tree.Def
    scope: Scope = field(eq=False, repr=False)


@frozen
class OpValue:
    """An op of the library, not yet called."""

    signature: Signature


@frozen
class WordValue:
    """A word of the language that looks like a function: `stop`, `mean`, `draw`, ..."""

    name: str


@frozen
class Settings:
    """An op with its settings that something else will use: an optimizer, an average."""

    op: str
    values: tuple[tuple[str, Setting], ...]
    span: Span = field(eq=False)


@frozen
class Average:
    """`ema(net, momentum=...)`: a net that follows another without gradient."""

    of: Network
    momentum: Scalar | None
    half_life: Duration | None
    span: Span = field(eq=False)


@frozen
class StageRef:
    """An earlier stage, or (`average`) its averaged weights; `file`: weights in a file instead.

    run: the folder of another run whose stage it is; there no name of a stage means the last.
    key, prefix: of a file, which of its dicts, and how the names that are meant begin.
    """

    stage: str = ""
    average: bool = False
    file: str = ""
    run: str = ""
    key: str = ""
    prefix: str = ""


@frozen
class RoundsRef:
    """The rounds of a stage, `refine`: each by its number, `refine.2`; where one stage is wanted, the last."""

    name: str
    numbers: tuple[int, ...]

    @property
    def last(self) -> StageRef:
        return self.round(self.numbers[-1])

    def round(self, number: int) -> StageRef:
        return StageRef(f"{self.name}.{number}")


@frozen
class RunningAverage:
    """`average` in an `eval`: the networks of the stage with their averaged weights, as they stand."""


@frozen
class TrainedNet:
    """A network, or a list of them, with the weights that an earlier stage left: `joint.clf`."""

    stage: str
    net: Network | NetList
    average: bool
    span: Span = field(eq=False)

    @property
    def settings(self) -> tuple[tuple[str, Setting], ...]:
        """What tells a `net` node of these weights from one of the current stage."""
        return (("stage", self.stage), *((("average", True),) if self.average else ()))


@frozen
class Given:
    """One argument of a call, evaluated. `items`: the places of the items of a list."""

    name: tree.Name | None
    value: Any
    span: Span = field(eq=False)
    items: tuple[Span, ...] = field(default=(), eq=False)


def size_of(value: Any) -> int:
    """How many items a list has, terms a loss, or views a view; 0 of all else."""
    match value:
        case ListValue():
            return len(value.values)
        case NetList():
            return len(value.nets)
        case Loss() | View() | Network():
            return len(value.parts)
        case DataValue():
            return len(value.views)
        case _:
            return 0


def as_scalar(value: Any) -> Scalar:
    return Constant(float(value)) if isinstance(value, int | float) else value


def describe(value: Any) -> str:
    """What a message calls a value."""
    match value:
        case None | int() | float() | str() | Duration():
            return said(value)
        case Node():
            return shapes.written(value.type)
        case Batch():
            return f"a batch of `{value.stream}`"
        case ListValue() | tuple():
            return f"a list of {len(value.values if isinstance(value, ListValue) else value)}"
        case MapValue():
            return "a map"
        case DataValue():
            return "a data set"
        case StreamRef():
            return f"the stream `{value.name}`"
        case View():
            return "a view"
        case Network() if value.mode:
            return f"a network with `{value.mode}(...)`"
        case Network() | Constructor() | Average():
            return "a network"
        case Loss():
            return "a loss"
        case Function():
            return f"the definition `{value.definition.name.id}`"
        case OpValue():
            return f"the op `{value.signature.name}`, not called"
        case WordValue():
            return f"`{value.name}`, not called"
        case Dim():
            return f"the size {shapes.size(value)}"
        case TrainedNet():
            return f"a network of the stage `{value.stage}`"
        case Settings():
            return f"`{value.op}(...)`"
        case RoundsRef():
            return f"the stage `{value.name}`"
        case NetList():
            return f"a list of {len(value.nets)} networks"
        case RunningAverage():
            return "the average of the stage"
        case StageRef():
            return "a run" if value.run else f"the stage `{value.stage}`" if value.stage else "weights in a file"
        case _:
            return "a schedule"
