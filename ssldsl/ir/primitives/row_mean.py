"""`row_mean`: the mean of the numbers of all rows."""

from ssldsl.ir.nodes import Node
from ssldsl.ir.primitive import ONE, Primitive
from ssldsl.ir.shapes import tensors
from ssldsl.types import TensorType, Type


def _type(node: Node) -> Type | None:
    return None if tensors(node) is None else TensorType("Scalar")


PRIMITIVE = Primitive(
    "row_mean",
    ONE,
    drawn="through",
    type_of=_type,
    python=lambda printed: f"{printed.inputs[0]}.mean()",
    words=lambda node, say: f"mean({say(node.inputs[0])})",
    of_losses=lambda node: node.inputs,
)
