"""`net`: one module. Settings: `name`, its path; `stage`, `average` where the weights of an earlier stage are meant."""

from ssldsl.ir.nodes import Node
from ssldsl.ir.primitive import NONE, Primitive, Say


def _words(node: Node, say: Say) -> str:
    stage = [str(node.setting("stage"))] if node.setting("stage") is not None else []
    return ".".join([*stage, *(["average"] if node.setting("average") else []), str(node.setting("name"))])


PRIMITIVE = Primitive(
    "net",
    NONE,
    drawn="nothing",
    python=lambda printed: f"Composition({', '.join(printed.modules)})",
    words=_words,
    names=(("name", "module"), ("stage", "stage")),
    is_network=True,
    is_origin=True,
)
