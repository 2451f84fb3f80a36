"""`index`: of every row the number of its sample in its data set, from what says which samples the rows are."""

from ssldsl.ir.nodes import Node
from ssldsl.ir.primitive import ONE, Primitive
from ssldsl.types import TensorType, Type


def _type(node: Node) -> Type | None:
    rows = node.inputs[0].type
    return TensorType("Labels", rows.dims) if isinstance(rows, TensorType) else None


PRIMITIVE = Primitive(
    "index",
    ONE,
    drawn="numbers",
    type_of=_type,
    python=lambda printed: f"{printed.inputs[0]}.index",
    called=lambda settings: "instance",
    words=lambda node, say: f"{say(node.inputs[0])}.index",
    is_lookup=True,
)
