"""`local`: of rows gathered from all processes, those of this process. Setting `parts`: as they were gathered."""

from ssldsl.ir.primitive import ONE, Primitive
from ssldsl.ir.primitives.gather import moved
from ssldsl.ir.shapes import as_input

PRIMITIVE = Primitive(
    "local",
    ONE,
    drawn="through",
    type_of=as_input,
    python=lambda printed: moved(printed, "local"),
    tools=("local",),
    keeps_numbers=True,
)
