"""`apply`: what a network gives for a batch. Inputs: the network, the batch, further inputs by the network's names."""

from collections.abc import Iterator

from ssldsl.ir.nodes import Node
from ssldsl.ir.primitive import Arity, Primitive, Printed, Say
from ssldsl.ir.shapes import applied
from ssldsl.types import NetType, TensorType, Type


def _type(node: Node) -> Type | None:
    net, value = (n.type for n in node.inputs[:2])
    if not isinstance(net, NetType) or not isinstance(value, TensorType):
        return None
    made, found = applied(net, value), node.type
    if not isinstance(found, TensorType) or len(found.dims) == len(made.dims):
        return made
    return TensorType(made.kind, (made.dims[0], *value.dims[1:-1], made.dims[-1]))  # of a head, at every place


def _faults(node: Node) -> Iterator[str]:
    net, value = (n.type for n in node.inputs[:2])
    if not isinstance(net, NetType):
        yield f"it applies {net}, which is not a network"
    elif not isinstance(value, TensorType) or not value.dims:
        yield f"it is applied to {value}, which is not a batch"
    elif net.source is not None and value.dims[0].divided(net.rows_taken) is None:
        yield f"it wants {net.source} and gets {value}"


def _python(printed: Printed) -> str:
    """Further inputs are those of one network, and not of several in a row."""
    _, text, *further = printed.inputs
    named = [f"{name}={value}" for name, value in zip(printed.params[2:], further, strict=True)]
    for module in printed.modules:
        text = f"{module}({', '.join([text, *named])})"
    return text


def _words(node: Node, say: Say) -> str:
    net, value, *further = node.inputs
    named = [f"{name}={say(each)}" for name, each in zip(node.params[2:], further, strict=True)]
    return f"{say(net)}({', '.join([say(value), *named])})"


PRIMITIVE = Primitive(
    "apply",
    Arity(2, None),
    drawn="modules",
    type_of=_type,
    faults=_faults,
    python=_python,
    words=_words,
    short=lambda node, say: say(node.inputs[0]),
)
