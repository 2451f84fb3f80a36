"""The code of a step that makes several updates: a function for each, and what one hands on to those behind it."""

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType

from attrs import Factory, frozen
from torch import Tensor, nn

from ssldsl.graph.plan import NodePlan, StagePlan, UpdatePlan
from ssldsl.ir.primitives import NETWORKS
from ssldsl.ir.walk import walk
from ssldsl.runtime.step.emit import Emission
from ssldsl.runtime.step.printer import Lines, Names, identifier

NOTHING: Mapping[str, str] = MappingProxyType({})
Given = dict[str, Tensor]


@frozen
class Body:
    """The lines of a step, or of one of its updates.

    memories: those that it reads. kept: what it hands on to later updates, by name.
    """

    step: Emission
    lines: Lines
    memories: tuple[NodePlan, ...]
    kept: dict[str, str] = Factory(dict)


@frozen
class HandedOn:
    """What an update computes for the sake of others. Node -> the name under which its value is handed on.

    roots: the nodes that it has to compute. given: those of earlier updates that it reads. kept: its own that later
    ones read.
    """

    roots: tuple[str, ...]
    given: Mapping[str, str]
    kept: Mapping[str, str]


def handed_on(pieces: Sequence[Emission]) -> list[HandedOn]:
    """For every update of a step, what it gets and what it gives. Updates that take turns share nothing."""
    names, known = Names(), dict[str, str]()
    roots: list[list[str]] = [[] for _ in pieces]
    given: list[list[str]] = [[] for _ in pieces]
    for number in reversed(range(len(pieces))):  # what a later update reads is to be computed by an earlier one
        piece = pieces[number]
        roots[number] += [part.node for part in piece.stage.recorded]
        if piece.stage.turns is None:
            roots[number] += [n.id for n in piece.stage.nodes if n.op == "apply" and _is_of(n, number)]
            given[number] = _of_earlier(piece, roots[number], number)
        for id_ in given[number]:
            roots[piece.nodes[id_].update].append(id_)
    for id_ in dict.fromkeys(id_ for ids in given for id_ in ids):
        known[id_] = names.take(pieces[0].wanted_name(pieces[0].nodes[id_]))
    return [
        HandedOn(
            tuple(dict.fromkeys(roots[number])),
            {id_: known[id_] for id_ in given[number]},
            {id_: name for id_, name in known.items() if piece.nodes[id_].update == number},
        )
        for number, piece in enumerate(pieces)
    ]


def _is_of(node: NodePlan, number: int) -> bool:
    return node.placement == "step" and node.update == number


def _of_earlier(piece: Emission, roots: Sequence[str], number: int) -> list[str]:
    """The nodes of earlier updates that the roots need, and that do not come with the batch."""

    def is_given(node: NodePlan) -> bool:
        return node.update < number and node.op not in NETWORKS and not piece.from_batch(node)

    def needs(id_: str) -> Sequence[str]:
        node = piece.nodes[id_]
        return () if is_given(node) or piece.from_batch(node) else piece.needs(node)

    return [id_ for id_ in walk(roots, needs) if is_given(piece.nodes[id_])]


def add_dispatch(lines: Lines, stage: StagePlan) -> None:
    """`forward`, which makes the update that it is told to."""
    functions = ", ".join(f"self.{function_of(update)}" for update in stage.updates)
    lines.add()
    lines.add("def forward(")
    lines.add("    self, batch: dict[str, Tensor], scalars: Tensor, update: int, kept: Mapping[str, Tensor]")
    lines.add(") -> tuple[dict[str, Tensor], dict[str, Tensor]]:")
    lines.add('    """What an update gives, and what it hands on; `kept`: what the updates before it handed on."""')
    lines.add(f"    return ({functions}{',' * (len(stage.updates) == 1)})[update](batch, scalars, kept)")


def add_head(lines: Lines, update: UpdatePlan) -> None:
    """The head of the function of an update."""
    lines.add()
    lines.add(f"def {function_of(update)}(")
    lines.add("    self, batch: dict[str, Tensor], scalars: Tensor, kept: Mapping[str, Tensor]")
    lines.add(") -> tuple[dict[str, Tensor], dict[str, Tensor]]:")


def function_of(update: UpdatePlan) -> str:
    """What the function of an update is called."""
    return f"update_{identifier(update.name)}"


def each_update(
    model: nn.Module, stage: StagePlan, step: int, batch: Given, scalars: Tensor
) -> Iterator[tuple[int, Given]]:
    """What each update of a step gives, with its number; whoever asks changes the weights before the next."""
    if not stage.updates:
        yield 0, model(batch, scalars)
        return
    kept: Given = {}
    for number in stage.updates_at(step):
        given, handed = model(batch, scalars, number, kept)
        kept |= handed
        yield number, given


def all_updates(model: nn.Module, stage: StagePlan, batch: Given, scalars: Tensor) -> Given:
    """What all updates of a stage give, with the weights as they are."""
    found: Given = {}
    for step in range(0, (stage.turns or 0) * len(stage.updates) or 1, stage.turns or 1):
        for _, given in each_update(model, stage, step, batch, scalars):
            found |= given
    return found
