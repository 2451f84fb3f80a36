"""A checked experiment: what `check` gives and the graph is built from."""

from collections.abc import Iterator, Mapping

from attrs import field, frozen

from ssldsl.ir.nodes import Duration, Node, Scalar, Setting
from ssldsl.ops.signature import Signature
from ssldsl.source import Span
from ssldsl.types import Dim, TensorType, TupleType


@frozen
class Configured:
    """An op of the library with its checked settings: an optimizer, an average."""

    op: str
    settings: tuple[tuple[str, Setting], ...] = ()
    span: Span | None = field(default=None, eq=False, repr=False)

    def setting(self, name: str) -> Setting:
        return dict(self.settings).get(name)


@frozen
class Module:
    """Something that owns parameters: one constructor call of a `net` or `head` declaration.

    path: `encoder`; `proj.0`, `proj.1` for the parts of a chain; `rotation.angles` for a head that a `def` declares;
        `teacher.encoder` for the moving average of `encoder`.
    sizes: the positional arguments of the constructor, by name; a symbol where only the data tell.
    average_of: the module this one is a moving average of; then `momentum` is its schedule.
    """

    path: str
    op: str
    kind: str  # "net" or "head"
    sizes: tuple[tuple[str, Dim], ...] = ()
    settings: tuple[tuple[str, Setting], ...] = ()
    average_of: str = ""
    momentum: Scalar | None = None
    half_life: Duration | None = None
    of_list: str = ""  # the list of networks that it belongs to
    span: Span | None = field(default=None, eq=False, repr=False)

    @property
    def title(self) -> str:
        """Its path, without the number of the network in its list: `heads.linear` of `heads.0.linear`."""
        number, _, part = self.path.removeprefix(f"{self.of_list}.").partition(".")
        return self.of_list + (f".{part}" if part else "") if self.of_list and number.isdigit() else self.path


@frozen
class Stream:
    """A stream: data, and the views that are part of its draw. A join has parts and nothing else."""

    name: str
    data: Node | None
    size: Dim
    parts: tuple[str, ...] = ()
    span: Span | None = field(default=None, eq=False, repr=False)


@frozen
class Term:
    """One named term of a loss. `update`: of which of the updates that a step makes, counted from 0."""

    name: str
    weight: Scalar
    node: Node
    span: Span = field(eq=False, repr=False)
    update: int = 0


@frozen
class InitFrom:
    """Where a module's weights come from: `stage`, optionally its average, or a file; nothing means afresh.

    memories: what goes on as the stage left it, by the names of their calls.
    run: the folder of another run whose stage it is; there no name of a stage means the last.
    key, prefix: of a file, which of its dicts, and how the names that are meant begin.
    """

    modules: tuple[str, ...]
    stage: str = ""
    average: bool = False
    file: str = ""
    run: str = ""
    key: str = ""
    prefix: str = ""
    memories: tuple[str, ...] = ()
    span: Span | None = field(default=None, eq=False, repr=False)

    @property
    def names(self) -> tuple[str, ...]:
        """All that is taken over; a memory is called like its `let`."""
        return (*self.modules, *dict.fromkeys(memory.partition("/")[0] for memory in self.memories))

    @property
    def is_afresh(self) -> bool:
        return not (self.stage or self.file or self.run)


@frozen
class Evaluation:
    """One metric, under the name it is reported by. `node` is an op of the role `metrics` over whole data sets."""

    name: str
    node: Node
    span: Span = field(eq=False, repr=False)


@frozen
class WatchedNumber:
    """One number of a step that is recorded beside the losses, and trained by nothing.

    of_term: of an item of a term over a list of networks, that term; the spec says the term alone.
    update: before which of the updates that a step makes it is computed.
    """

    name: str
    node: Node
    span: Span = field(eq=False, repr=False)
    of_term: str = ""
    update: int = 0


@frozen
class Clip:
    """The largest norm of the gradient: of all tensors together, or of each."""

    norm: float
    is_per_tensor: bool = False


@frozen
class Keep:
    """Which checkpoint of a stage counts: that with the largest or the lowest value of a number that is recorded."""

    name: str
    is_lowest: bool

    def __str__(self) -> str:
        return f"{'lowest' if self.is_lowest else 'best'}({self.name})"


Groups = tuple[tuple[str, tuple[tuple[str, Setting], ...]], ...]  # module path -> settings that differ


@frozen
class StepUpdate:
    """One update of weights by the gradient of some terms: what is trained, and how."""

    name: str
    train: tuple[str, ...]
    optimizer: Configured
    groups: Groups = ()
    clip: Clip | None = None
    span: Span | None = field(default=None, eq=False, repr=False)
    places: tuple[tuple[str, Span], ...] = field(default=(), eq=False, repr=False)


@frozen
class Stage:
    """One stage, with every setting made explicit. `train`: module paths, `encoder` or `encoder.layer4`.

    updates: those that a step makes one after another, where the stage says which; `each_update` has the only one, too.
    turns: how long each of them has to itself, where they take turns instead.
    places: of what is written of the settings, and of their parts: `batch`, `batch.labeled`, `train.encoder`.
    written: where this stage writes its nodes, by their ids; another stage may have written the same ones before.
    """

    name: str
    after: tuple[str, ...]
    train: tuple[str, ...]
    init: tuple[InitFrom, ...]
    terms: tuple[Term, ...]
    optimizer: Configured
    groups: Groups
    batch: tuple[tuple[str, int], ...]  # rows of every stream in a step, over all processes
    clock: str
    run: Duration
    forward: str  # "concat", "separate"
    average: Configured | None
    evaluations: tuple[Evaluation, ...]
    watches: tuple[WatchedNumber, ...] = ()
    keep: Keep | None = None
    clip: Clip | None = None
    updates: tuple[StepUpdate, ...] = ()
    turns: Duration | None = None
    accumulate: int = 1
    precision: str = "fp32"  # "fp32", "fp64", "bf16", "fp16"
    compile: bool = False
    statistics: str = "global"  # batch normalization over "global" or "local" (per process) batches
    evaluate: Duration = field(factory=lambda: Duration(1, "ep"))
    span: Span | None = field(default=None, eq=False, repr=False)
    places: tuple[tuple[str, Span], ...] = field(default=(), eq=False, repr=False)
    written: Mapping[int, tuple[Span, ...]] = field(factory=dict, eq=False, repr=False)

    @property
    def each_update(self) -> tuple[StepUpdate, ...]:
        """The updates of a step: those that the stage names, or the one that it is itself."""
        return self.updates or (
            StepUpdate("", self.train, self.optimizer, self.groups, self.clip, self.span, self.places),
        )

    def terms_of(self, update: int) -> tuple[Term, ...]:
        """The terms of one update, counted from 0."""
        return tuple(term for term in self.terms if term.update == update)

    @property
    def step_roots(self) -> tuple[Node, ...]:
        """What a step gives: its terms, and what is watched."""
        return (*(t.node for t in self.terms), *(w.node for w in self.watches))

    @property
    def roots(self) -> tuple[Node, ...]:
        """All that the stage reads: what a step gives, then its evaluations."""
        return (*self.step_roots, *(e.node for e in self.evaluations))

    def measured(self) -> Iterator[tuple[str, Span]]:
        """The single numbers of the evaluations, each with its place."""
        for evaluation in self.evaluations:
            type_ = evaluation.node.type
            if isinstance(type_, TensorType) and not type_.dims:
                yield evaluation.name, evaluation.span
            elif isinstance(type_, TupleType):
                yield from ((f"{evaluation.name}.{name}", evaluation.span) for name, f in type_.fields if not f.dims)

    def place(self, setting: str) -> Span | None:
        """Where the value of a setting, or a part of it, is written, if it is."""
        return dict(self.places).get(setting)

    def spans_of(self, node: Node) -> tuple[Span, ...]:
        """Where this stage writes a node, innermost first."""
        return self.written.get(node.id, node.spans)


@frozen
class Program:
    """A whole checked experiment.

    explicit: for `resolve`, setting by setting, whether the spec said it (`stage.setting` in the set) or a default did.
    edits: what variants, `--set` and `--drop` changed, as written, in order.
    """

    name: str
    seed: int
    streams: tuple[Stream, ...]
    modules: tuple[Module, ...]
    stages: tuple[Stage, ...]
    signatures: dict[str, Signature]  # of every op used
    params: tuple[tuple[str, Setting], ...] = ()
    explicit: frozenset[str] = frozenset()
    edits: tuple[str, ...] = ()

    def module(self, path: str) -> Module:
        return next(m for m in self.modules if m.path == path)
