"""All that a stage trains with."""

from collections.abc import Callable

from accelerate import Accelerator
from accelerate.optimizer import AcceleratedOptimizer
from attrs import frozen
from torch import nn
from torch.optim import Optimizer

from ssldsl.graph.plan import Plan, StagePlan
from ssldsl.runtime.data.feed import Feed
from ssldsl.runtime.evaluate.evaluator import Evaluator
from ssldsl.runtime.nets.averages import Moving
from ssldsl.runtime.nets.memories import Memories
from ssldsl.runtime.ops.scalars import Scalars
from ssldsl.runtime.step.lower import Lowered
from ssldsl.runtime.train.optimizer import Rates
from ssldsl.runtime.train.state import TrainState


@frozen
class UpdateParts:
    """One update of a step. `stage`: as this update has it; `prepared`: its optimizer as Accelerate prepared it."""

    stage: StagePlan
    optimizer: Optimizer
    prepared: AcceleratedOptimizer
    rates: Rates

    @property
    def parameters(self) -> list[nn.Parameter]:
        """What it trains."""
        return [parameter for group in self.optimizer.param_groups for parameter in group["params"]]


@frozen
class StageParts:
    """A stage ready to train. `model` is the step as Accelerate prepared it; `updates`: those that each step makes."""

    plan: Plan
    stage: StagePlan
    accelerator: Accelerator
    model: nn.Module
    updates: tuple[UpdateParts, ...]
    lowered: Lowered
    state: TrainState
    scalars: Scalars
    memories: Memories
    begins: tuple[Callable[[], None], ...]  # what parts that learn do when a step begins
    nets: tuple[Moving, ...]  # nets that are moving averages of what this stage trains
    feed: Feed
    evaluator: Evaluator
