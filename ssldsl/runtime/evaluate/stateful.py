"""Metrics that remember earlier evaluations: modules whose `forward` reads and whose `commit` writes, once a time."""

from collections.abc import Callable, Mapping
from typing import Any

from attrs import Factory, define
from torch import Tensor, nn

from ssldsl.graph.plan import NodePlan
from ssldsl.ops.signature import Signature
from ssldsl.runtime.nets.first_values import first_values
from ssldsl.runtime.nets.unsaved import changed_outside, outside_of_buffers
from ssldsl.runtime.ops.load import op_object

_BETWEEN = "::"  # evaluation, then its buffer: neither has it in its name


@define
class StatefulMetrics:
    """Those of a stage, by evaluation, each made when it is first computed: only then all sizes are known.

    kept: what a checkpoint holds of those that have not been made again.
    """

    seed: int
    stage: str
    modules: dict[str, nn.Module] = Factory(dict)
    kept: dict[str, Tensor] = Factory(dict)

    def caller(self, name: str, node: NodePlan, signature: Signature, *, commits: bool) -> Callable[..., Any]:
        """What generated code calls as the metric of an evaluation. commits: it remembers what it is given."""

        def call(*args: Any, **edges: Any) -> Any:
            edges = dict(zip((edge.name for edge in signature.edges), args, strict=False)) | edges
            result = self.of(name, node, signature, edges)(**edges)
            if commits and signature.has_commit:
                self.commit(name, edges)
            return result

        return call

    def of(self, name: str, node: NodePlan, signature: Signature, edges: Mapping[str, Any]) -> nn.Module:
        """The module of an evaluation, of the sizes of what it reads."""
        if name not in self.modules:
            sizes = _sizes(signature, edges)
            with first_values(self.seed, self.stage, "metric", name):
                made: nn.Module = op_object(signature)(**sizes, **node.settings)
            own = {key: value for key, value in self.kept.items() if key.startswith(f"{name}{_BETWEEN}")}
            if own:
                made.load_state_dict({key.split(_BETWEEN)[1]: value for key, value in own.items()})
            self.modules[name] = made.eval()
        return self.modules[name]

    def commit(self, name: str, edges: Mapping[str, Any]) -> None:
        """Let a metric remember what it was given. Raises `ValueError` where it keeps that outside of its buffers."""
        module = self.modules[name]
        before = outside_of_buffers(module)
        module.commit(**edges)  # type: ignore[operator]  # who calls knows that it is there
        lost = changed_outside(before, module)
        if lost:
            raise ValueError(f"`{lost}` is no buffer, so no checkpoint would have it: make it with `register_buffer`")

    def state(self) -> dict[str, Tensor]:
        """What a checkpoint is to hold."""
        made = {
            f"{name}{_BETWEEN}{key}": value
            for name, module in self.modules.items()
            for key, value in module.state_dict().items()
        }
        return {**self.kept, **made}


def _sizes(signature: Signature, edges: Mapping[str, Any]) -> dict[str, int]:
    found: dict[str, int] = {}
    for edge in signature.edges:
        value = edges.get(edge.name)
        if isinstance(value, Tensor):
            found |= dict(zip(edge.dims, value.shape, strict=True))
    return {name: found[name] for name in signature.sizes}
