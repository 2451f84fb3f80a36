"""`held`: what a memory held when an earlier stage ended. Settings: `memory`, the name of its call there; `stage`.

Its draw is both names, by which printed code asks for the memory. The memory is one that can be read without its edges.
"""

from ssldsl.ir.nodes import Node
from ssldsl.ir.primitive import NONE, Primitive, Say


def _words(node: Node, say: Say) -> str:
    return f"{node.setting('stage')}.{str(node.setting('memory')).partition('/')[0]}"


PRIMITIVE = Primitive(
    "held",
    NONE,
    drawn="nothing",
    python=lambda printed: f"{printed.memory}()",
    words=_words,
    names=(("stage", "stage"),),
    is_memory=True,
    is_origin=True,
)
