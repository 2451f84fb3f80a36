"""One training step of a stage as one module, so that distribution, precision and compilation see one call."""

from typing import Self

from torch import nn

from ssldsl.graph.plan import Plan, StagePlan
from ssldsl.ops.library import Library
from ssldsl.runtime.device.collectives import processes
from ssldsl.runtime.nets.memories import is_memory
from ssldsl.runtime.nets.modules import learning_parts, module_key
from ssldsl.runtime.nets.norms import set_statistics
from ssldsl.runtime.ops.load import check_unnamed
from ssldsl.runtime.step.lower import Lowered, lower


class StageStep(nn.Module):
    """What the generated code of a stage derives from: `forward(batch, scalars)` gives the loss and its terms.

    In training mode, the parts that the stage trains are in training mode, and so are moving averages of them;
    everything else stays in evaluation mode: a frozen network is a fixed function, whose statistics neither move nor
    depend on the batch.
    """

    lowered: Lowered
    term_names: tuple[str, ...]
    watch_names: tuple[str, ...]
    learning: tuple[nn.Module, ...] = ()  # the parts in training mode; a tuple, so that they are not registered again

    def train(self, mode: bool = True) -> Self:
        """Training mode for what learns, evaluation mode for the rest."""
        super().train(False)
        self.training = mode
        for module in self.learning if mode else ():
            module.train()
        return self


def make_step(
    plan: Plan,
    stage: StagePlan,
    modules: nn.ModuleDict,
    library: Library,
    *,
    shards: int = 1,
    memories: nn.ModuleDict | None = None,
) -> StageStep:
    """The step of a stage, for one of `shards` equal parts of its batch (processes times accumulated parts).

    memories: what `build_memories` made for the stage, where it has any.
    """
    set_statistics(modules, across_processes=stage.statistics == "global" and processes() > 1)
    lowered = lower(plan, stage, library, shards=shards)
    by_path = {module.path: modules[module_key(module.path)] for module in plan.modules}
    kept = {node.draw: memories[module_key(node.draw)] for node in stage.nodes if memories and is_memory(node, library)}
    step: StageStep = lowered.namespace()["Step"](by_path, *([kept] if kept else []))
    for attribute, node in lowered.unnamed.items():
        check_unnamed(getattr(step, attribute), node)
    step.lowered, step.term_names, step.watch_names = lowered, lowered.terms, lowered.watches
    step.learning = tuple(learning_parts(plan, stage, modules))
    return step.train()
