"""Lines of generated Python: names that do not clash, calls that wrap, comments that name the spec."""

import builtins
import keyword
import math
import re
from typing import Any

from attrs import Factory, define, field

from ssldsl.graph.plan import NodePlan

WIDTH = 112
_TAKEN = frozenset(
    {*keyword.kwlist, *keyword.softkwlist, *dir(builtins), "self", "batch", "scalars", "loss", "torch", "nn", "Tensor"}
)


def identifier(text: str) -> str:
    """The text as a Python name: `rotation.angles` becomes `rotation_angles`."""
    name = re.sub(r"\W+", "_", text).strip("_") or "value"
    return name if not name[0].isdigit() else f"n{name}"


@define
class Names:
    """Gives every value a name of its own."""

    taken: set[str] = Factory(lambda: set(_TAKEN))

    def take(self, wanted: str) -> str:
        """The wanted name as an identifier, with a number behind it where it is taken."""
        base = identifier(wanted)
        name, number = base, 1
        while name in self.taken:
            number += 1
            name = f"{base}_{number}"
        self.taken.add(name)
        return name


@define
class Lines:
    """Lines of code, each with the node it computes."""

    texts: list[str] = Factory(list)
    nodes: list[NodePlan | None] = Factory(list)
    depth: int = field(default=0)

    def add(self, text: str = "", node: NodePlan | None = None) -> None:
        """One line at the present depth."""
        self.texts.append("    " * self.depth + text if text else "")
        self.nodes.append(node)

    def group(self, opening: str, items: list[str], closing: str, node: NodePlan | None = None) -> None:
        """Items between brackets, an item a line if one line would be too long."""
        flat = f"{opening}{', '.join(items)}{closing}"
        if len(flat) + 4 * self.depth <= WIDTH:
            self.add(flat, node)
            return
        self.add(opening, node)
        for item in items:
            self.add(f"    {item},", node)
        self.add(closing, node)

    def unpack(self, names: list[str], text: str, node: NodePlan | None = None) -> None:
        """Several values of an expression, each with its name."""
        flat = f"{', '.join(names)} = {text}"
        if len(flat) + 4 * self.depth <= WIDTH:
            self.add(flat, node)
        else:
            self.group("(", names, f") = {text}", node)

    def extend(self, other: "Lines") -> None:
        self.texts += other.texts
        self.nodes += other.nodes

    @property
    def source(self) -> str:
        return "\n".join(self.texts) + "\n"

    @property
    def by_number(self) -> dict[int, NodePlan]:
        """The node of every line that computes one, lines from 1."""
        return {number: node for number, node in enumerate(self.nodes, start=1) if node is not None}


def literal(value: Any) -> str:
    """A setting's value as Python text; reading it back gives the same value."""
    if isinstance(value, float) and not math.isfinite(value):
        return f'float("{value}")'
    if isinstance(value, list | tuple):
        inside = ", ".join(literal(v) for v in value)
        return f"[{inside}]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{k!r}: {literal(v)}" for k, v in value.items()) + "}"
    return (
        repr(value).replace("'", '"')
        if isinstance(value, str) and '"' not in value and "'" not in value
        else repr(value)
    )
