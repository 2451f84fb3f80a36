"""`gather`: the rows of all processes, in the order of processes."""

from ssldsl.ir.primitive import ONE, Primitive
from ssldsl.ir.shapes import as_input

PRIMITIVE = Primitive(
    "gather",
    ONE,
    drawn="through",
    type_of=as_input,
    python=lambda printed: printed.each("gather({})"),
    tools=("gather",),
    keeps_numbers=True,
)
