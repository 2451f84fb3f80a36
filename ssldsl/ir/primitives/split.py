"""`split`: one of the splits of a data set. Setting `name`: which."""

from ssldsl.ir.nodes import Node
from ssldsl.ir.primitive import ONE, Primitive
from ssldsl.types import SplitsType, Type


def _type(node: Node) -> Type | None:
    splits = node.inputs[0].type
    return dict(splits.splits).get(node.setting("name")) if isinstance(splits, SplitsType) else None


PRIMITIVE = Primitive(
    "split",
    ONE,
    drawn="nothing",
    type_of=_type,
    words=lambda node, say: f"{say(node.inputs[0])}.{node.setting('name')}",
    is_origin=True,
)
