"""Under which context managers a node of a step runs: without gradient, in full precision."""

from ssldsl.graph.plan import NodePlan, StagePlan
from ssldsl.ir.primitives import PRIMITIVES
from ssldsl.ops.library import Library
from ssldsl.runtime.device.precision import MIXED
from ssldsl.runtime.ops.load import signature_of

LOW_PRECISION_ROLES = ("losses", "targets", "memory")  # what reads numbers of low precision and computes in float32


def regime_of(stage: StagePlan, node: NodePlan, library: Library) -> tuple[str, ...]:
    """The context managers of a node that computes something."""
    regime: tuple[str, ...] = () if node.grad else ("torch.no_grad()",)
    if stage.precision not in MIXED:
        return regime
    if _in_full_precision(node, library):
        return (*regime, "torch.autocast(scalars.device.type, enabled=False)")
    # older torch keeps casts of weights made without gradient, and a later pass that takes them learns nothing
    return (*regime, "torch.autocast(scalars.device.type, cache_enabled=False)") if regime else ()


def _in_full_precision(node: NodePlan, library: Library) -> bool:
    """Losses and targets are computed in float32, except where they run networks themselves."""
    if node.op in PRIMITIVES:
        return False
    signature = signature_of(library, node.op)
    return signature.role in LOW_PRECISION_ROLES and not any(edge.kind == "Net" for edge in signature.edges)
