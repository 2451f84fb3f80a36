"""`apply`: what a network gives for a batch. Inputs: the network, the batch."""

from collections.abc import Iterator

from ssldsl.ir.nodes import Node
from ssldsl.ir.primitive import TWO, Primitive, Printed
from ssldsl.ir.shapes import applied
from ssldsl.types import NetType, TensorType, Type


def _type(node: Node) -> Type | None:
    net, value = (n.type for n in node.inputs)
    return applied(net, value) if isinstance(net, NetType) and isinstance(value, TensorType) else None


def _faults(node: Node) -> Iterator[str]:
    net, value = (n.type for n in node.inputs)
    if not isinstance(net, NetType):
        yield f"it applies {net}, which is not a network"
    elif not isinstance(value, TensorType) or not value.dims:
        yield f"it is applied to {value}, which is not a batch"
    elif net.source is not None and value.dims[0].divided(net.rows_taken) is None:
        yield f"it wants {net.source} and gets {value}"


def _python(printed: Printed) -> str:
    text = printed.inputs[-1]
    for module in printed.modules:
        text = f"{module}({text})"
    return text


PRIMITIVE = Primitive(
    "apply",
    TWO,
    drawn="modules",
    type_of=_type,
    faults=_faults,
    python=_python,
    words=lambda node, say: f"{say(node.inputs[0])}({say(node.inputs[1])})",
    short=lambda node, say: say(node.inputs[0]),
)
