"""`product`: two tensors of one shape, multiplied entry by entry, or a tensor and one number. Losses stand second."""

from ssldsl.ir.primitive import TWO, Primitive
from ssldsl.ir.shapes import as_largest

PRIMITIVE = Primitive(
    "product",
    TWO,
    drawn="through",
    type_of=as_largest,
    python=lambda printed: " * ".join(printed.inputs),
    words=lambda node, say: " * ".join(map(say, node.inputs)),
    of_losses=lambda node: node.inputs[1:],
    is_commutative=True,
)
