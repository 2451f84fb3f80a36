"""`concat`: the rows of several values, one below the other."""

from ssldsl.ir.nodes import Node
from ssldsl.ir.primitive import SOME, Primitive, Printed
from ssldsl.ir.shapes import joined, tensors
from ssldsl.types import Type


def _type(node: Node) -> Type | None:
    values = tensors(node)
    return None if values is None else joined(values)


def _python(printed: Printed) -> str:
    values = ", ".join(printed.inputs)
    return f"Rows.joined({values})" if printed.is_rows else f"torch.cat([{values}])"


PRIMITIVE = Primitive("concat", SOME, drawn="through", type_of=_type, python=_python)
