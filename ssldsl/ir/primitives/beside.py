"""`beside`: what several networks give of the same rows, as one row each: their features joined."""

from ssldsl.ir.nodes import Node
from ssldsl.ir.primitive import SOME, Primitive
from ssldsl.ir.shapes import tensors
from ssldsl.types import Dim, TensorType, Type


def _type(node: Node) -> Type | None:
    values = tensors(node)
    if values is None:
        return None
    width = Dim.of(0)
    for value in values:
        width = width + value.dims[-1]
    return TensorType("Features", (*values[0].dims[:-1], width))


PRIMITIVE = Primitive(
    "beside",
    SOME,
    drawn="through",
    type_of=_type,
    python=lambda printed: f"torch.cat([{', '.join(printed.inputs)}], dim=-1)",
    words=lambda node, say: " & ".join(say(value) for value in node.inputs),
)
