"""What printed code calls a value, and the line of the spec that it is written under."""

from collections.abc import Mapping

from ssldsl.graph.plan import NodePlan, Place, Plan
from ssldsl.graph.plan_types import TensorPlan
from ssldsl.ir.primitives import PRIMITIVES
from ssldsl.ops.library import Library
from ssldsl.runtime.nets.modules import net_paths
from ssldsl.runtime.ops.load import signature_of


def kind_name(node: NodePlan, stream: str) -> str:
    """A name after the kind of the value, and the stream that it is made of alone, if there is one."""
    primitive = PRIMITIVES.get(node.op)
    kind = node.type.kind.lower() if isinstance(node.type, TensorPlan) else ""
    if primitive is not None and primitive.called is not None:
        kind = primitive.called(node.settings)
    if not kind.isidentifier() or kind == "scalar":
        return f"{node.op}_value"
    return f"{stream}_{kind}" if stream and node.op != "apply" else kind


def first_output(plan: Plan, nodes: Mapping[str, NodePlan], node: NodePlan, library: Library) -> str:
    """Of a forward, the name of the output that goes on, where the network names what it gives."""
    if node.op != "apply":
        return ""
    path = net_paths(nodes, node.inputs[0])[-1]
    op = next(module.op for module in plan.modules if module.path == path)
    return signature_of(library, op).outputs[0].name


def place_in_spec(node: NodePlan) -> Place | None:
    """Where the spec says it: the innermost place in the file that holds the outermost one."""
    return next((place for place in node.places if place.file == node.places[-1].file), None)
