"""`output`: what a forward gives besides its first output. Input: the forward. Setting `name`: which output."""

from collections.abc import Iterator

from ssldsl.ir.nodes import Node
from ssldsl.ir.primitive import ONE, Primitive
from ssldsl.types import TensorType


def _faults(node: Node) -> Iterator[str]:
    forward = node.inputs[0]
    if forward.op != "apply":
        yield f"it reads {forward!r}, which is no forward of a network"
    elif not (isinstance(forward.type, TensorType) and isinstance(node.type, TensorType)):
        yield f"it is {node.type}, and the forward gives {forward.type}"
    elif forward.type.dims[:1] != node.type.dims[:1]:
        yield f"it has other rows than its forward, which gives {forward.type}"


PRIMITIVE = Primitive(
    "output",
    ONE,
    drawn="through",
    faults=_faults,
    python=lambda printed: f"{printed.inputs[0]}.{printed.settings['name']}",
    called=lambda settings: str(settings["name"]),
    words=lambda node, say: f"{say(node.inputs[0])}.{node.setting('name')}",
    is_lookup=True,
)
