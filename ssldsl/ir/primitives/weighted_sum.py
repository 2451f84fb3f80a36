"""`weighted_sum`: every input times its factor in the setting `by`, and the number `plus`, if there is one."""

from ssldsl.ir.nodes import Node
from ssldsl.ir.primitive import SOME, Primitive, Printed, Say
from ssldsl.ir.shapes import as_input


def _python(printed: Printed) -> str:
    parts = [(printed.number(by), value) for by, value in zip(printed.settings["by"], printed.inputs, strict=True)]
    plus = printed.settings.get("plus")
    return _written([*([] if plus is None else [(printed.number(plus), "")]), *parts])


def _written(parts: list[tuple[str, str]]) -> str:
    """`1.0 - 0.5 * x + y` of pairs of a number and what it multiplies, if anything."""
    text = ""
    for by, value in parts:
        sign, size = ("-", by[1:]) if by.startswith("-") else ("+", by)
        product = size if not value else value if size in ("1", "1.0") else f"{size} * {value}"
        text += f" {sign} {product}" if text else ("-" if sign == "-" else "") + product
    return text


def _words(node: Node, say: Say) -> str:
    parts = [(f"{by:g}" if isinstance(by, float) else f"({by})", say(value)) for by, value in _pairs(node)]
    plus = node.setting("plus")
    return _written([*([] if plus is None else [(str(plus), "")]), *parts])


def _pairs(node: Node) -> list[tuple[object, Node]]:
    return list(zip(node.setting("by"), node.inputs, strict=True))


PRIMITIVE = Primitive(
    "weighted_sum",
    SOME,
    drawn="through",
    type_of=as_input,
    python=_python,
    words=_words,
    of_losses=lambda node: node.inputs,
    is_commutative=True,
    paired="by",
)
