"""All that a stage trains with."""

from collections.abc import Callable

from accelerate import Accelerator
from accelerate.optimizer import AcceleratedOptimizer
from attrs import frozen
from torch import nn

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
class StageParts:
    """A stage ready to train. `model` is the step, and `optimizer` the optimizer, as Accelerate prepared them."""

    plan: Plan
    stage: StagePlan
    accelerator: Accelerator
    model: nn.Module
    optimizer: AcceleratedOptimizer
    lowered: Lowered
    state: TrainState
    rates: Rates
    scalars: Scalars
    memories: Memories
    begins: tuple[Callable[[], None], ...]  # what parts that learn do when a step begins
    nets: tuple[Moving, ...]  # nets that are moving averages of what this stage trains
    feed: Feed
    evaluator: Evaluator
