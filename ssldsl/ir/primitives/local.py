"""`local`: of rows gathered from all processes, those of this process."""

from ssldsl.ir.primitive import ONE, Primitive
from ssldsl.ir.shapes import as_input

PRIMITIVE = Primitive(
    "local",
    ONE,
    drawn="through",
    type_of=as_input,
    python=lambda printed: printed.each("local({})"),
    tools=("local",),
    keeps_numbers=True,
)
