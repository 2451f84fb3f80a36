"""`full_dataset`: one field of all samples of a data set, for an evaluation. Setting `field`: which.

Printed code makes a pass over the data set, and reads the field of some of its samples at a time.
"""

from ssldsl.ir.primitive import ONE, Primitive

PRIMITIVE = Primitive(
    "full_dataset",
    ONE,
    drawn="nothing",
    python=lambda printed: printed.inputs[0],
    reads=lambda settings: (str(settings["field"]),),
    called=lambda settings: str(settings["field"]),
    words=lambda node, say: str(node.setting("field")),
    is_origin=True,
)
