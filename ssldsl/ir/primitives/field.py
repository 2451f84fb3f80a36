"""`field`: one of the several tensors that an op gives at once. Setting `name`: which."""

from ssldsl.ir.nodes import Node
from ssldsl.ir.primitive import ONE, Primitive
from ssldsl.types import TupleType, Type


def _type(node: Node) -> Type | None:
    several = node.inputs[0].type
    return dict(several.fields).get(node.setting("name")) if isinstance(several, TupleType) else None


PRIMITIVE = Primitive(
    "field",
    ONE,
    drawn="through",
    type_of=_type,
    python=lambda printed: f"{printed.inputs[0]}.{printed.settings['name']}",
    called=lambda settings: str(settings["name"]),
    words=lambda node, say: say(node.inputs[0]),
    is_lookup=True,
)
