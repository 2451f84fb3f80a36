"""`sum`: the sum of several values."""

from ssldsl.ir.primitive import SOME, Primitive
from ssldsl.ir.shapes import as_input

PRIMITIVE = Primitive(
    "sum",
    SOME,
    drawn="through",
    type_of=as_input,
    python=lambda printed: " + ".join(printed.inputs),
    of_losses=lambda node: node.inputs,
    is_commutative=True,
)
