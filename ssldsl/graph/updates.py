"""In which update of a step a value is computed, where a step makes several, one after another."""

from collections.abc import Hashable, Mapping, Sequence

from ssldsl.ir.modules import is_trained, nets_of, parts
from ssldsl.ir.nodes import Node, step_inputs
from ssldsl.ir.primitives.net import MADE
from ssldsl.ir.program import Term, WatchedNumber
from ssldsl.ir.walk import walk


def kept_apart(
    nodes: Sequence[Node], terms: Sequence[Term], watches: Sequence[WatchedNumber], updates: Sequence[Sequence[str]]
) -> Mapping[Node, Hashable]:
    """What values must have in common to be computed as one.

    updates: what those of a step train, one after another; nothing where a step makes one, or they take turns.
    """
    if updates:
        return _earliest(nodes)
    if not any(term.update for term in terms):
        return {}
    needed: dict[Node, frozenset[int]] = {}
    roots: tuple[Term | WatchedNumber, ...] = (*terms, *watches)
    for root in roots:
        for node in walk([root.node], _needed):
            needed[node] = needed.get(node, frozenset()) | {root.update}
    return needed


def _earliest(nodes: Sequence[Node]) -> dict[Node, int]:
    """How many updates must have been made before each value can be computed. Inputs stand before users."""
    found: dict[Node, int] = {}
    for node in nodes:
        before = [found[value] for value in step_inputs(node) if value in found]
        found[node] = max([int(node.setting(MADE) or 0), *before])
    return found


def computed_in(
    terms: Sequence[Term], watches: Sequence[WatchedNumber], updates: Sequence[Sequence[str]]
) -> dict[Node, int]:
    """The update in which each value of a step is computed: the first that needs it, or the last that still can.

    updates: what each of them trains; once that has changed, what it said before cannot be computed any more.
    """
    roots: tuple[Term | WatchedNumber, ...] = (*terms, *watches)
    nodes = walk([root.node for root in roots], _needed)
    found = dict.fromkeys(nodes, len(updates))
    for root in roots:
        found[root.node] = min(found[root.node], root.update)
    for node in reversed(nodes):
        found[node] = min([found[node], *(_last(net, updates) for net in nets_of(node))])
        for value in _needed(node):
            found[value] = min(found[value], found[node])
    for node in nodes:
        if node.op in ("output", "field"):  # a part of what another line gives
            found[node] = found[node.inputs[0]]
    return found


def _needed(node: Node) -> tuple[Node, ...]:
    return step_inputs(node) if node.rows is None else (*step_inputs(node), node.rows)


def _last(net: Node, updates: Sequence[Sequence[str]]) -> int:
    """The last update before which a network has the weights that are meant."""
    ends = [len(updates)]
    for part in parts(net):
        made, path = int(part.setting(MADE) or 0), str(part.setting("name"))
        ends += [number for number in range(made, len(updates)) if is_trained(path, updates[number])][:1]
    return min(ends)


def in_order_of_updates(nodes: Sequence[Node], computed: Mapping[Node, int]) -> tuple[Node, ...]:
    """The nodes, those of the first update first; nothing needs a value of a later one."""
    return tuple(sorted(nodes, key=lambda node: computed.get(node, 0)))
