"""`stop`: the value itself, through which no gradient goes back."""

from ssldsl.ir.primitive import ONE, Primitive
from ssldsl.ir.shapes import as_input

PRIMITIVE = Primitive(
    "stop",
    ONE,
    drawn="through",
    type_of=as_input,
    python=lambda printed: f"{printed.inputs[0]}.detach()",
    short=lambda node, say: "stop",
    keeps_numbers=True,
)
