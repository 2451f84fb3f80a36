"""What the parts of the checker share: the library, the modules and streams met so far, the stage being read."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from attrs import Factory, define, field

from ssldsl.check.state.budget import Budget
from ssldsl.check.state.loss_edits import LossEdits
from ssldsl.check.state.reporter import Reporter
from ssldsl.check.state.sameness import Sameness
from ssldsl.check.state.scope import Binding, Scope
from ssldsl.check.state.values import DataValue, Function
from ssldsl.errors import Diagnostic
from ssldsl.ir.modules import owner
from ssldsl.ir.nodes import Duration, Interner, Node, Scalar, Setting
from ssldsl.ir.walk import walk
from ssldsl.ops.library import Library
from ssldsl.ops.signature import Signature
from ssldsl.source import Source, Span
from ssldsl.syntax import tree
from ssldsl.syntax.parser import parse
from ssldsl.types import Dim, TensorType

REPEATED = 2000  # units of the budget: finding the words of a message takes as long as reading so many numbers


@define(eq=False)
class ModuleDraft:
    """A module whose sizes become known as it is used."""

    path: str
    signature: Signature
    kind: str
    sizes: dict[str, Dim]
    settings: tuple[tuple[str, Setting], ...]
    span: Span
    average_of: str = ""
    momentum: Scalar | None = None
    half_life: Duration | None = None
    of_list: str = ""  # the list of networks that it belongs to

    @property
    def owns_parameters(self) -> bool:
        return self.signature.is_module and bool(self.signature.sizes) and not self.signature.traits.fixed


@define(eq=False)
class StreamDraft:
    """A declared stream: data to draw from, or the parts of a join. `base`: the stream whose draw it is a view of."""

    name: str
    span: Span
    data: DataValue | None = None
    parts: tuple[str, ...] = ()
    base: str = ""

    @property
    def size(self) -> int | None:
        """How many samples the data have, where that is known before they are read."""
        return self.data.type.size.value if self.data is not None else None


@define(eq=False)
class StageDraft:
    """The stage being read: its draws and what has been looked up in it.

    full_dataset: reading an `eval`, where data mean all of their samples. derives: the data op whose arguments are
        being read, for which they mean the same; `recurs`: it is run again and again. watches: reading a `watch`, whose
        forwards are no part of the loss.
    updates: the modules that each update trains which has been read, where a step makes several; `update`: which of
        them is being read, and so how many were made before it. takes_turns: each has steps of its own instead.
    averages: whether the stage keeps an average of its weights. lists: terms over a list of networks, and which,
        if the loss is right. evaluation: the `eval` that is being read.
    """

    name: str
    full_dataset: bool = False
    derives: str = ""
    recurs: bool = False
    watches: bool = False
    updates: list[frozenset[str]] = field(factory=list)
    update: int = 0
    takes_turns: bool = False
    averages: bool = False
    lists: dict[str, str] | None = None
    evaluation: Span | None = None
    path: list[str] = field(factory=list)
    draw_names: dict[str, int] = field(factory=dict)
    meanings: dict[tuple[Binding, bool], Any] = field(factory=dict)
    forwards: dict[tuple[str, str], list[Node]] = field(factory=dict)  # path and mode of a network -> its inputs

    @property
    def step_part(self) -> str:
        """The part of a step that is being read."""
        return "watch" if self.watches else "loss"

    def fresh_draw(self, name: str) -> str:
        """A name for a draw: where it is made, and a number if that place makes several."""
        full = "/".join([*self.path, name])
        self.draw_names[full] = count = self.draw_names.get(full, 0) + 1
        return full if count == 1 else f"{full}#{count}"

    def version(self, path: str) -> int:
        """How many updates of the step were made when a module got the weights that it now has; 0 as the step began."""
        return max((n for n, trained in enumerate(self.updates[: self.update], 1) if path in trained), default=0)

    @contextmanager
    def at_update(self, update: int) -> Iterator[None]:
        """Inside, values are those that an update of the step sees."""
        now, self.update = self.update, update
        try:
            yield
        finally:
            self.update = now

    @contextmanager
    def within(self, name: str) -> Iterator[None]:
        """Draws made in this context are named after it."""
        path, self.path = self.path, [*self.path, name]
        try:
            yield
        finally:
            self.path = path


@define(eq=False)
class Context:
    """Everything that is known while one file is checked."""

    library: Library
    reporter: Reporter
    file_scope: Scope
    _evaluate: "Callable[[Context, tree.Expr, Scope], Any]"  # handed in, since it stands above all that calls it
    loss_edits: LossEdits = field(factory=LossEdits)
    is_edited: bool = False  # by a variant, `--set` or `--drop`
    budget: Budget = field(factory=Budget)
    interner: Interner = field(factory=Interner)
    modules: dict[str, ModuleDraft] = field(factory=dict)
    streams: dict[str, StreamDraft] = field(factory=dict)
    signatures: dict[str, Signature] = field(factory=dict)
    sameness: Sameness = field(default=Factory(lambda self: Sameness(self.signatures), takes_self=True))
    params: dict[str, Setting] = field(factory=dict)
    widths: dict[str, tuple[str, str]] = field(factory=dict)  # symbol -> the module and its size that it stands for
    # forward -> the names of what it gives, with their types; of the first, which the forward itself is, none
    outputs: dict[int, dict[str, TensorType | None]] = field(factory=dict)
    stage: StageDraft | None = None
    stages: dict[str, Any] = field(factory=dict)  # stages already read, by name
    held: dict[str, dict[str, Any]] = field(factory=dict)  # and the memories that each of them keeps
    trained: set[str] = field(factory=set)  # modules that one of these trains, or a part of which it trains
    is_incomplete: bool = False  # a file that is used could not be read, so that names may be missing
    blamed: set[tuple[str, str]] = field(factory=set)  # networks and what they were found not to fit
    completions: dict[tuple[str, int, int], list[tuple[str, str]]] = field(factory=dict)
    _before: dict[str, frozenset[str]] = field(factory=dict)  # a stage that was read, and those before it
    _method_scopes: dict[str, Scope] = field(factory=dict)
    _depth: list[str] = field(factory=list)
    reading: list[Binding] = field(factory=list)  # declarations whose meaning is being found, outermost first

    def evaluate(self, expr: tree.Expr, scope: Scope) -> Any:
        """The meaning of an expression, or `UNKNOWN` with the reason reported."""
        return self._evaluate(self, expr, scope)

    def report(self, diagnostic: Diagnostic) -> None:
        """Report what is wrong. What is known already has a price: definitions that double find it without end."""
        if not self.reporter.report(diagnostic) and diagnostic.span is not None:
            self.spend(REPEATED, diagnostic.span)

    def spend(self, units: int, span: Span) -> None:
        """Count what an expression adds to the program, and give up where it has grown too large."""
        self.budget.spend(units, self.reporter, span)

    def stages_before(self, after: Iterable[str]) -> set[str]:
        """The stages that a stage comes after, through others too. Stages are read after those that they come after."""
        names = list(after)
        for name in walk(names, lambda n: () if n in self._before else self._after(n)):
            if name in self.stages and name not in self._before:
                before = [self._before.get(each, {each}) for each in self._after(name)]
                self._before[name] = frozenset({name}).union(*before)
        return set[str]().union(*(self._before.get(name, {name}) for name in names))

    def _after(self, name: str) -> tuple[str, ...]:
        stage = self.stages.get(name)
        return () if stage is None else tuple(stage.after)

    def owner(self, path: str) -> str:
        """The module of a path that may name a part of it: `encoder` of `encoder.layer4`."""
        return owner(self.modules, path)[0]

    def owners(self, paths: Iterable[str]) -> frozenset[str]:
        return frozenset(self.owner(path) for path in paths)

    def signature(self, name: str) -> Signature | None:
        """The op of this name; a used op is remembered for the plan. A broken op file is reported where it is used."""
        found = self.library.get(name)
        if found is not None:
            self.signatures[name] = found
        return found

    def is_first_report(self, path: str, misfit: str) -> bool:
        """True the first time this misfit of a module, or of what it averages, is reported."""
        draft = self.modules.get(path)
        fault = (draft.average_of or path if draft else path, misfit)
        is_first = fault not in self.blamed
        self.blamed.add(fault)
        return is_first

    def complete(self, call: Span, name: str, value: str) -> None:
        """Remember an argument that a call left out, for `resolve`."""
        self.completions.setdefault((call.source.name, call.start, call.end), []).append((name, value))

    def method(self, name: str) -> Function | None:
        """The shipped `def` of this name. Its file is read when one of its definitions is first used."""
        path = self.library.methods().get(name)
        if path is None:
            return None
        scope = self._method_scopes.get(str(path))
        if scope is None:
            scope = self._method_scopes[str(path)] = Scope()
            source = Source(f"stdlib/methods/{path.name}", path.read_text(encoding="utf-8"))
            for statement in parse(source).file.statements:
                if isinstance(statement, tree.Def):
                    scope.bind(statement.name.id, Function(statement, scope), statement.name.span)
        binding = scope.own(name)
        return binding.value if binding else None
