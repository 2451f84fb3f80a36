"""`net`: one module. Settings: `name`, its path; `mode`, where it runs otherwise than the stage trains it.

`stage`, `average`: where the weights that an earlier stage left are meant. `best_of`, `by`: where it stands for the one
of a list that a term is lowest of. `updates`: how many updates of the step had been made when it got these weights.
"""

from ssldsl.ir.nodes import Node
from ssldsl.ir.primitive import NONE, Primitive, Say

MADE = "updates"


def _words(node: Node, say: Say) -> str:
    stage = [str(node.setting("stage"))] if node.setting("stage") is not None else []
    if node.setting("by") is not None:
        return f"best({node.setting('best_of')}, by={node.setting('by')})"
    path = ".".join([*stage, *(["average"] if node.setting("average") else []), str(node.setting("name"))])
    made = f" after update {node.setting(MADE)}" if node.setting(MADE) is not None else ""
    return (f"{node.setting('mode')}({path})" if node.setting("mode") else path) + made


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
