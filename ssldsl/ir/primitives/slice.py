"""`slice`: some rows of a value. Settings: `start`, `stop`, and a `step` where it is not 1."""

from collections.abc import Mapping
from typing import Any

from ssldsl.errors import InternalError
from ssldsl.ir.nodes import Node
from ssldsl.ir.primitive import ONE, Primitive, Printed
from ssldsl.ir.shapes import with_rows
from ssldsl.types import Dim, TensorType, Type


def slice_of(node: Node) -> tuple[Dim, Dim, int]:
    """Start, stop and step of a `slice` node."""
    return Dim.of(node.setting("start")), Dim.of(node.setting("stop")), node.setting("step") or 1


def _type(node: Node) -> Type | None:
    value = node.inputs[0].type
    start, stop, step = slice_of(node)
    rows = (stop - start).divided(step)
    return with_rows(value, rows) if isinstance(value, TensorType) and rows is not None else None


def _python(printed: Printed) -> str:
    """The same share of the rows, where a batch is in parts."""
    start, stop = bounds_of(printed.settings, printed.shards)
    step = int(printed.settings.get("step") or 1)
    return printed.each("{}" + f"[{start or ''}:{stop}{f':{step}' if step > 1 else ''}]")


def bounds_of(settings: Mapping[str, Any], shards: int) -> tuple[int, int]:
    """Start and stop in one of several equal parts of a batch."""
    bounds = [int(settings[name]) for name in ("start", "stop")]
    if any(bound % shards for bound in bounds):
        raise InternalError(f"rows {bounds} cannot be shared by {shards} equal parts")
    return bounds[0] // shards, bounds[1] // shards


PRIMITIVE = Primitive("slice", ONE, drawn="through", type_of=_type, python=_python, row_settings=("start", "stop"))
