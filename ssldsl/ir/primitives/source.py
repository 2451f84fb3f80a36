"""`source`: the splits of a data set. Setting `op`: the data op that opens it; the others are that op's."""

from ssldsl.ir.primitive import NONE, Primitive

PRIMITIVE = Primitive(
    "source",
    NONE,
    drawn="nothing",
    words=lambda node, say: f"{node.setting('op')}()",
    is_origin=True,
)
