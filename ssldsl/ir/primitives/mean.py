"""`mean`: the mean of several values."""

from ssldsl.ir.primitive import SOME, Primitive, Printed
from ssldsl.ir.shapes import as_input


def _python(printed: Printed) -> str:
    values = printed.inputs
    return values[0] if len(values) == 1 else f"({' + '.join(values)}) / {len(values)}"


PRIMITIVE = Primitive(
    "mean",
    SOME,
    drawn="through",
    type_of=as_input,
    python=_python,
    of_losses=lambda node: node.inputs,
    is_commutative=True,
)
