"""What the checker knows of an op: its signature, read from the source text without importing it."""

from collections.abc import Mapping
from typing import Any, Literal

from attrs import field, frozen

from ssldsl.ops.decorator import OpTraits
from ssldsl.types import parse_dim

Role = Literal["data", "views", "nets", "heads", "targets", "memory", "losses", "schedules", "optimizers", "metrics"]
LIBRARY = "ssldsl.stdlib."  # modules of shipped ops begin so


@frozen
class Edge:
    """A parameter before `*`: an input from the graph.

    kind: a name of `ssldsl.types.KINDS`, or `Net`, `Data`, `Time` (of a schedule), `Parameters` (of an optimizer).
    dims: the dimension expressions as written. many: annotated `list[...]`, takes several values as one.
    count: of whole numbers, the name of what they count: `samples` for `Positions[Tensor, "batch; samples"]`.
    """

    name: str
    kind: str
    dims: tuple[str, ...] = ()
    many: bool = False
    optional: bool = False
    detached: bool = False
    count: str = ""


class _Required:
    """The default of a setting that has none."""

    def __repr__(self) -> str:
        return "required"


REQUIRED = _Required()


@frozen
class SettingSpec:
    """A parameter after `*`: its annotation as written, and its default (`REQUIRED` if it has none)."""

    name: str
    annotation: str
    default: Any = REQUIRED
    scheduled: bool = False


@frozen
class Output:
    """One tensor of the result. Several stand in a NamedTuple, by name; a single one has the name ``."""

    name: str
    kind: str
    dims: tuple[str, ...] = ()
    count: str = ""  # see `Edge`


@frozen
class Signature:
    """One op.

    sizes: positional parameters of a module's `__init__`, given in the call or inferred from the input.
    takes_row: the one among them, if any, that is an example of a row: an empty tensor of its shape and type.
    reads_state: of a memory, that what it gives does not depend on its edges: its `forward` takes nothing.
    reads_alone: of a memory, that its `forward` can do without its edges, and then gives what it holds; the edges are
        those of `commit`. So it is read in an evaluation.
    is_softmax: that its source is that of a softmax of its one input and of nothing else.
    """

    name: str
    role: Role
    edges: tuple[Edge, ...]
    settings: tuple[SettingSpec, ...]
    outputs: tuple[Output, ...]
    sizes: tuple[str, ...] = ()
    is_module: bool = False
    uses_rng: bool = False
    has_commit: bool = False
    takes_row: str = ""
    reads_state: bool = False
    reads_alone: bool = False
    is_softmax: bool = False
    parts: tuple[str, ...] = ()  # attributes that `__init__` assigns: what `f.layer4` may name
    traits: OpTraits = field(factory=OpTraits)
    summary: str = ""  # first line of the docstring
    doc: str = ""
    path: str = ""  # file, for messages
    module: str = ""  # dotted name to import it by; empty for a user's own file
    line: int = 1
    digest: str = ""  # of the source text

    def adds(self, settings: Mapping[str, object]) -> tuple[Output, ...]:
        """Of an op from data to data, the fields that it gives every sample, with these settings."""
        found = []
        for name, said in (self.traits.adds or {}).items():
            kind, _, condition = said.partition(" if ")
            if not condition or settings.get(condition.strip()):
                found.append(Output(name, *_kind_and_dims(kind)))
        return tuple(found)

    @property
    def derives(self) -> bool:
        """Whether this is an op from data to data that also reads something computed over whole data sets."""
        return self.role == "data" and any(e.kind != "Data" for e in self.edges)

    @property
    def joins(self) -> frozenset[str]:
        """Of an op from data to data, the edges whose samples it puts together and numbers anew."""
        first, sign, second = self.traits.size.partition("+")
        return frozenset({first, second} if sign else ())

    @property
    def excludes(self) -> str:
        """Of an op from data to data, the edge of which only the numbers count: these samples it leaves out."""
        first, _, second = self.traits.size.partition("-")
        return second if first else ""

    @property
    def counting(self) -> str:
        """Of an op from data to data, the setting that says how many samples it gives, or leaves out."""
        return "" if self.joins or self.excludes else self.traits.size.removeprefix("-").removeprefix("?")

    @property
    def is_own(self) -> bool:
        """Whether it is a person's own, and not of the library."""
        return not self.module.startswith(LIBRARY)

    @property
    def compares_rows(self) -> bool:
        """Whether an edge or a result has the rows of a batch in more than one dimension: a number for every pair."""
        dims = [*(edge.dims for edge in self.edges), *(output.dims for output in self.outputs)]
        return any(_batches(each) > 1 for each in dims)

    @property
    def gathers(self) -> bool:
        """Whether it must see the rows of all processes: it says so, or its dimensions do, or it remembers them."""
        return self.traits.across == "gather" or self.role == "memory" or self.compares_rows

    def rows_needed(self, settings: Mapping[str, object]) -> int:
        """How many rows a batch must have at least, where the op compares them; 0 where any number will do."""
        least = self.traits.least_rows
        if isinstance(least, int):
            return least
        value = settings.get(least)
        return value + 1 if isinstance(value, int) else 0

    def is_random(self, settings: Mapping[str, object]) -> bool:
        """Whether a call or a forward pass draws random numbers, with these settings."""
        trait = self.traits.random
        return self.uses_rng or (bool(settings.get(trait)) if isinstance(trait, str) else trait)

    def keeps_prediction(self, settings: Mapping[str, object]) -> bool:
        """Whether the result says of every row what its one input says, with these settings."""
        said = self.traits.keeps_prediction
        if isinstance(said, Mapping):
            return all(settings.get(name, value) == value for name, value in said.items())
        return self.is_softmax if said is None else said

    def is_identity(self, settings: Mapping[str, object]) -> bool:
        """Whether the result is the first input, with these settings."""
        return any(settings.get(name) == value for name, value in (self.traits.identity or {}).items())

    @property
    def has_one_size(self) -> bool:
        """Of a data source, whether all samples are alike: sizes are numbers, or settings that a file fills in."""
        settings = {s.name for s in self.settings}
        return all(d.isdigit() or d in settings for dims in (self.traits.fields or {}).values() for d in dims.split())

    @property
    def given_sizes(self) -> tuple[str, ...]:
        """The sizes that a call may give: those of a memory or a metric follow from what it reads."""
        return () if self.role in ("memory", "metrics") else self.sizes

    def setting(self, name: str) -> SettingSpec | None:
        return next((s for s in self.settings if s.name == name), None)

    def edge(self, name: str) -> Edge | None:
        return next((e for e in self.edges if e.name == name), None)


def _batches(dims: tuple[str, ...]) -> int:
    """How many times `batch` is a factor of the shape."""
    sizes = (parse_dim(dim) for dim in dims if dim != "...")
    return sum(max((monomial.count("batch") for monomial, _ in size.terms), default=0) for size in sizes)


def _kind_and_dims(said: str) -> tuple[str, tuple[str, ...]]:
    """`Probs[classes]` as a kind and its dimensions."""
    kind, _, inside = said.strip().removesuffix("]").partition("[")
    return kind, tuple(dim.strip() for dim in inside.split(",") if dim.strip())
