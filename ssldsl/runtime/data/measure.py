"""What only the data can say: how many samples there are, how large they are, and which lie in memory."""

from collections.abc import Iterable, Iterator
from functools import partial

from attrs import frozen

from ssldsl.graph.plan import NodePlan
from ssldsl.graph.plan_types import planned
from ssldsl.ir.nodes import Node, step_inputs
from ssldsl.ir.program import Program
from ssldsl.ir.walk import ancestors, sources, walk
from ssldsl.ops.data import Samples
from ssldsl.passes.plain_values import PlainValues, place_of
from ssldsl.runtime.data.datasets import Datasets
from ssldsl.runtime.failures import explaining_data_at
from ssldsl.source import Span
from ssldsl.types import DataType, Dim, SplitsType, is_data


@frozen
class Measured:
    """sizes: what the symbols of a program stand for. resident: the data ops whose samples lie in memory."""

    sizes: dict[str, int]
    resident: frozenset[str]


def measure(program: Program, datasets: Datasets) -> Measured:
    """Open every data set that the program reads."""
    nodes = list(_data_nodes(program))
    plans = _plans(nodes)
    sizes: dict[str, int] = {}
    resident: set[str] = set()
    for node in nodes:
        for symbol in _classes(node):
            with explaining_data_at(partial(_place, node)):
                count = datasets.classes(plans, f"n{node.id}")
            sizes |= {} if count is None else {symbol: count}
    for node in _read(program):
        with explaining_data_at(partial(_place, node)):
            samples = datasets.data(plans, f"n{node.id}")
            assert isinstance(node.type, DataType)
            _bind(node.type, samples, sizes)
        if samples.resident:
            resident |= _sources(node)
    return Measured(sizes, frozenset(resident))


def assumed(program: Program) -> Measured:
    """Without data: unknown sizes are made up; a source whose samples all have one size is taken to lie in memory."""
    sizes: dict[str, int] = {}
    resident: set[str] = set()
    for node in _data_nodes(program):
        if not isinstance(node.type, DataType):
            continue
        dims = [d for _, t in node.type.fields for d in t.dims]
        resident |= {source for source in _sources(node) if program.signatures[source].has_one_size}
        classes = [t.classes for _, t in node.type.fields if t.classes is not None]
        for size, made_up in ((node.type.size, 256), *((c, 10) for c in classes), *((d, 32) for d in dims)):
            sizes |= {symbol: sizes.get(symbol, made_up) for symbol in size.symbols}
    return Measured(sizes, frozenset(resident))


def _read(program: Program) -> Iterator[Node]:
    """The data that streams and metrics read, each once."""
    seen: dict[int, Node] = {}
    drawn = [s.data for s in program.streams if s.data is not None and _is_drawn(program, s.name)]
    for node in [*drawn, *_whole([*drawn, *(e.node for stage in program.stages for e in stage.evaluations)])]:
        seen.setdefault(node.id, node)
    yield from seen.values()


def _is_drawn(program: Program, stream: str) -> bool:
    return any(stream in dict(stage.batch) for stage in program.stages)


def _whole(roots: list[Node]) -> list[Node]:
    """The data that evaluations, and ops that make data, read as a whole."""
    return [node.inputs[0] for node in ancestors(roots) if node.op == "full_dataset"]


def _data_nodes(program: Program) -> list[Node]:
    """All data nodes below those, sources included."""
    return walk(_read(program), lambda node: [n for n in node.inputs if is_data(n.type)])


def _sources(node: Node) -> set[str]:
    """The sources of some data: one, or those of all that were put together."""
    return {str(source.setting("op")) for source in sources(node, step_inputs)}


def _place(node: Node) -> Span:
    """Where the spec names the source of some data."""
    while node.inputs:
        node = node.inputs[0]
    return node.spans[0]


def _plan(node: Node) -> NodePlan:
    places = (place_of(span) for span in node.spans)
    return NodePlan(
        id=f"n{node.id}",
        op=node.op,
        inputs=tuple(f"n{i.id}" for i in node.inputs),
        params=node.params,
        settings=PlainValues({}, None).settings(tuple((n, v) for n, v in node.settings if n != "every")),
        type=planned(node.type),
        placement="data",
        places=tuple(place for place in places if place is not None),
    )


def data_of_node(node: Node, datasets: Datasets) -> Samples:
    """The samples that one data node of a program gives."""
    with explaining_data_at(partial(_place, node)):
        return datasets.data(_plans(walk([node], lambda n: n.inputs)), f"n{node.id}")


def _plans(nodes: Iterable[Node]) -> dict[str, NodePlan]:
    """The nodes as those of a plan, by their ids."""
    return {f"n{n.id}": _plan(n) for n in nodes}


def _classes(node: Node) -> set[str]:
    """What stands for the number of classes of a source that does not say it."""
    types = [t for _, data in node.type.splits for _, t in data.fields] if isinstance(node.type, SplitsType) else []
    sizes = [t.classes for t in types if t.classes is not None]
    return {symbol for size in sizes for symbol in size.symbols}


def _bind(type_: DataType, samples: Samples, sizes: dict[str, int]) -> None:
    """Give every symbol of the type the number that the samples have there."""

    def bind(size: Dim, number: int) -> None:
        if size.value is None and len(size.terms) == 1 and len(size.terms[0][0]) == 1 and size.terms[0][1] == 1:
            symbol = size.terms[0][0][0]
            sizes[symbol] = max(sizes.get(symbol, 0), number)

    bind(type_.size, len(samples))
    first = samples.read(samples.ids.new_zeros(1)) if samples.resident else {}
    for name, field in type_.fields:
        for dim, number in zip(field.dims, first[name].shape[1:] if name in first else (), strict=False):
            bind(dim, number)
