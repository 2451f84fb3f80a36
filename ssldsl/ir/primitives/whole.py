"""`whole`: one field of all samples of a data set, for an evaluation. Setting `field`: which."""

from ssldsl.ir.primitive import ONE, Primitive

PRIMITIVE = Primitive(
    "whole",
    ONE,
    drawn="nothing",
    words=lambda node, say: str(node.setting("field")),
    is_origin=True,
)
