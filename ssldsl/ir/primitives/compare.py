"""`compare`: 1 where a comparison holds, else 0. Settings: its `sign`, and beside one input the number `to`."""

from attrs import evolve

from ssldsl.ir.nodes import Node
from ssldsl.ir.primitive import Arity, Primitive, Printed, Say
from ssldsl.ir.shapes import as_largest
from ssldsl.types import Type

SIGNS = {">=": "≥", ">": ">", "<=": "≤", "<": "<", "==": "=", "!=": "≠"}


def _type(node: Node) -> Type | None:
    shape = as_largest(node)
    return None if shape is None else evolve(shape, kind="Masks", classes=None)


def _python(printed: Printed) -> str:
    left, right = [*printed.inputs, printed.number(printed.settings.get("to"))][:2]
    return f"({left} {printed.settings['sign']} {right}).float()"


def _words(node: Node, say: Say) -> str:
    left, right = [*map(say, node.inputs), str(node.setting("to"))][:2]
    return f"{left} {node.setting('sign')} {right}"


def _asked(node: Node) -> str:
    """What a mask asks of a value: `≥ 0.95`."""
    limit = node.setting("to")
    text = f"{limit:g}" if isinstance(limit, int | float) else str(limit or "")
    return f"{SIGNS[str(node.setting('sign'))]} {text}".strip()


PRIMITIVE = Primitive(
    "compare", Arity(1, 2), drawn="through", type_of=_type, python=_python, words=_words, asked=_asked
)
