"""`compose`: networks one behind the other, as one network."""

from ssldsl.ir.primitive import SOME, Primitive

PRIMITIVE = Primitive(
    "compose",
    SOME,
    drawn="nothing",
    python=lambda printed: f"Composition({', '.join(printed.modules)})",
    words=lambda node, say: " >> ".join(say(net) for net in node.inputs),
    is_network=True,
)
