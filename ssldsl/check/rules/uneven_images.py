"""D413: what a step computes as one batch has one size; views see to that where files differ."""

from collections.abc import Iterator

from ssldsl.check.messages import dataflow
from ssldsl.check.state.context import Context
from ssldsl.check.state.reader import Reader
from ssldsl.errors import Diagnostic
from ssldsl.ir.nodes import Node, step_inputs
from ssldsl.ir.program import Stage
from ssldsl.ir.walk import in_a_step, sources
from ssldsl.ops.signature import Signature
from ssldsl.types import TensorType, TupleType


def uneven_images(stage: Stage, reader: Reader) -> Iterator[Diagnostic]:
    """The first op that is no view is enough: all that follows has the same cure."""
    ctx, uneven = reader.ctx, set[int]()
    for node in in_a_step(stage.step_roots):
        is_open = node.op == "draw" and not all(s.has_one_size for s in _sources(ctx, node))
        if not is_open and not any(i.id in uneven for i in node.inputs):
            continue
        signature = ctx.signatures.get(node.op)
        if is_open or node.op == "field" or (signature is not None and _is_view_of_each(signature)):
            uneven |= {node.id} if _differs(node) else set()
            continue
        yield dataflow.uneven_images(reader.written_at(node))
        return


def _is_view_of_each(signature: Signature) -> bool:
    """Whether an op is applied to one image at a time, and not to all of a batch alike."""
    return signature.role == "views" and not signature.gathers


def _sources(ctx: Context, draw: Node) -> list[Signature]:
    return [ctx.signatures[str(node.setting("op"))] for node in sources(draw, step_inputs)]


def _differs(node: Node) -> bool:
    """Whether samples may differ in size."""
    types = [t for _, t in node.type.fields] if isinstance(node.type, TupleType) else [node.type]
    return any(isinstance(t, TensorType) and any(d.value is None for d in t.dims[1:]) for t in types)
