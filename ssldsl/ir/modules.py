"""The modules of an experiment in its graph: which one a path lies in, and which ones a network is made of."""

from collections.abc import Collection, Container, Iterable

from ssldsl.ir.nodes import Node, step_inputs
from ssldsl.ir.program import Stage
from ssldsl.ir.walk import leaves, walk
from ssldsl.types import NetType


def owner(paths: Iterable[str], path: str) -> tuple[str, str]:
    """The module that a path lies in, and which part of it: `encoder` and `layer4` for `encoder.layer4`.

    Where no module of `paths` has it, the path itself.
    """
    known = paths if isinstance(paths, Container) else set(paths)
    found = path
    while found and found not in known:
        found = found.rpartition(".")[0]
    return (found, path[len(found) + 1 :]) if found else (path, "")


def is_trained(path: str, train: Collection[str]) -> bool:
    """Whether a module is among what is trained: itself, a part of it (`encoder.layer4`), or what it is a part of."""
    return path in train or any(path.startswith(f"{t}.") or t.startswith(f"{path}.") for t in train)


def parts(net: Node) -> list[Node]:
    """The `net` nodes of a network, in the order that a value passes them."""
    return leaves(net, lambda node: node.inputs)


def paths_of(net: Node) -> tuple[str, ...]:
    """The paths of the modules of a network, in the order that a value passes them."""
    return tuple(str(part.setting("name")) for part in parts(net))


def nets_of(node: Node) -> tuple[Node, ...]:
    """The networks that a node applies or calls."""
    return () if node.op == "compose" else tuple(n for n in node.inputs if isinstance(n.type, NetType))


def moved_by(node: Node) -> tuple[str, ...]:
    """The modules whose running statistics a node may move."""
    run = [p for p in _run_by(node) if p.setting("mode") != "steady"]
    moving = (p for p in run if isinstance(p.type, NetType) and p.type.couples_batch)
    return tuple(dict.fromkeys(path for part in moving for path in paths_of(part)))


def rested_by(node: Node) -> tuple[str, ...]:
    """The modules that a node runs in evaluation mode."""
    return tuple(dict.fromkeys(str(p.setting("name")) for p in _run_by(node) if p.setting("mode") == "rest"))


def _run_by(node: Node) -> list[Node]:
    return [part for net in nets_of(node) for part in parts(net)]


def couples_batch(stage: Stage) -> bool:
    """Whether a network of the stage makes a row depend on the others, so that what is forwarded together matters."""
    types = (node.type for node in walk((term.node for term in stage.terms), step_inputs))
    return any(isinstance(type_, NetType) and type_.couples_batch for type_ in types)
