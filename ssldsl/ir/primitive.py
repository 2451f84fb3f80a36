"""What the compiler knows of an op that the language has of itself. Each is one `Primitive` in a file of its own."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Literal

from attrs import frozen

from ssldsl.ir.nodes import Node
from ssldsl.types import Type

Say = Callable[[Node], str]  # a node in words
# What a drawing makes of one: a value goes `through` it; it is a `stream`, the `numbers` of a stream's samples, the
# `modules` that a value passes; or `nothing`, because no value of a stream leaves it.
Drawn = Literal["through", "stream", "numbers", "modules", "nothing"]


@frozen
class Arity:
    """The least and the largest number of inputs; no largest where any number will do."""

    least: int
    most: int | None

    def allows(self, count: int) -> bool:
        return self.least <= count and (self.most is None or count <= self.most)


NONE, ONE, TWO, SOME = Arity(0, 0), Arity(1, 1), Arity(2, 2), Arity(1, None)


@frozen
class Printed:
    """What the Python text of a primitive is made of.

    inputs: the texts of its inputs; where it comes with the batch, of what it reads there. params: their parameters.
    modules: the texts of the modules of the network that it is, or applies, in order. memory: that of the memory read.
    is_rows: its value says which samples rows are, and is no tensor. shards: equal parts of a batch, of which one runs.
    """

    inputs: tuple[str, ...]
    settings: Mapping[str, Any]
    modules: tuple[str, ...] = ()
    params: tuple[str, ...] = ()
    memory: str = ""
    is_rows: bool = False
    shards: int = 1

    def number(self, value: Any) -> str:
        """A number of the settings, or where among the scalars of the step a schedule stands."""
        return f"scalars[{value['schedule']}]" if isinstance(value, dict) else repr(value)

    def each(self, text: str) -> str:
        """An expression of the input, or of each of its three parts where it says which samples rows are."""
        (value,) = self.inputs
        return f"Rows(*({text.format('part')} for part in {value}))" if self.is_rows else text.format(value)


def _no_type(node: Node) -> Type | None:
    return None


def _no_faults(node: Node) -> Iterable[str]:
    return ()


def _no_reads(settings: Mapping[str, Any]) -> tuple[str, ...]:
    return ()


@frozen
class Primitive:
    """One primitive. `name` is that of its file.

    type_of: the type that its inputs make it, or none where only the checker can tell. faults: what else is wrong.
    python: its text in printed code; none where it has no part in it. tools: the names that the text uses.
    reads: the keys of the batch that it is made of, if it comes with the batch.
    called: what a variable is called that holds it; by default after the kind of its type.
    words: the node in one line; by default as a call. short: what it says in a chain `a >> b`, if anything.
    drawn: what a drawing makes of it. asked: of what makes a mask of a value, what it asks of it.
    of_losses: of what is made of losses, those of its inputs that are losses; the others multiply them.
    names: settings that are names, and the kind of thing they name. row_settings: settings that count rows.
    is_network: it is a network, and no value. is_memory: it is read of a memory, which its draw names.
    is_origin: data, batches and networks come in by it; a difference in its settings is told under its own name.
    is_commutative: the order of its inputs means nothing. paired: the setting that has a value for each of them.
    keeps_numbers: its value is that of its one input, on one process.
    is_lookup: it takes a part of a value that is there, and computes nothing.
    is_implied: its settings follow from other nodes, so a difference in them is told there.
    """

    name: str
    arity: Arity
    drawn: Drawn
    type_of: Callable[[Node], Type | None] = _no_type
    faults: Callable[[Node], Iterable[str]] = _no_faults
    python: Callable[[Printed], str] | None = None
    tools: tuple[str, ...] = ()
    reads: Callable[[Mapping[str, Any]], tuple[str, ...]] = _no_reads
    called: Callable[[Mapping[str, Any]], str] | None = None
    words: Callable[[Node, Say], str] | None = None
    short: Callable[[Node, Say], str] | None = None
    asked: Callable[[Node], str] | None = None
    of_losses: Callable[[Node], tuple[Node, ...]] | None = None
    names: tuple[tuple[str, str], ...] = ()
    row_settings: tuple[str, ...] = ()
    is_network: bool = False
    is_memory: bool = False
    is_origin: bool = False
    is_commutative: bool = False
    paired: str = ""
    keeps_numbers: bool = False
    is_lookup: bool = False
    is_implied: bool = False

    @property
    def comes_with_batch(self) -> bool:
        """Whether a step does not compute it, but is given it."""
        return self.reads is not _no_reads
