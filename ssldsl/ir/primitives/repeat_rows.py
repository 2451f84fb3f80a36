"""`repeat_rows`: every row so many `times` running, as labels need it behind a view that makes copies."""

from ssldsl.ir.nodes import Node
from ssldsl.ir.primitive import ONE, Primitive, Printed
from ssldsl.ir.shapes import with_rows
from ssldsl.types import TensorType, Type


def _type(node: Node) -> Type | None:
    value = node.inputs[0].type
    return with_rows(value, value.dims[0] * node.setting("times")) if isinstance(value, TensorType) else None


def _python(printed: Printed) -> str:
    (value,), times = printed.inputs, int(printed.settings["times"])
    return f"{value}.repeat({times})" if printed.is_rows else f"{value}.repeat_interleave({times}, dim=0)"


PRIMITIVE = Primitive(
    "repeat_rows",
    ONE,
    drawn="through",
    type_of=_type,
    python=_python,
    words=lambda node, say: say(node.inputs[0]),
    is_implied=True,
)
