"""Numbers that are none, in whatever a stage keeps: named with what they belong to and the line that made them."""

from collections.abc import Iterator

import torch
from attrs import frozen
from torch import Tensor

from ssldsl.errors import Diagnostic, SpecError
from ssldsl.graph.plan import Place, Plan
from ssldsl.runtime.failures import StepContext, last_good
from ssldsl.runtime.nets.modules import module_key
from ssldsl.runtime.spans import span_of
from ssldsl.runtime.train.state import TrainState, collect

GENTLER = "lower the learning rate, warm it up, or limit the gradient with `clip`"


@frozen
class Held:
    """A tensor that a stage keeps. `part`: of what, as checkpoints call it."""

    part: str
    name: str
    tensor: Tensor
    may_be_infinite: bool


def check_finite(context: StepContext, plan: Plan, state: TrainState) -> None:
    """Stop with a message if weights, their average, a memory or the optimizer hold what is no finite number.

    A buffer may be infinite on purpose, such as a mask; statistics and parameters may not. One wait for the device.
    """
    held = list(_held(state))
    if not held:
        return
    good = [(~h.tensor.isnan() if h.may_be_infinite else h.tensor.isfinite()).all() for h in held]
    found = next((h for h, is_good in zip(held, torch.stack(good).tolist(), strict=True) if not is_good), None)
    if found is not None:
        raise SpecError(_message(found, context, plan))


def _held(state: TrainState) -> Iterator[Held]:
    parts, _ = collect(state)
    finite = {name for name, _ in state.modules.named_parameters()}
    for part in ("weights", "average", "memory", "optimizer"):
        for name, tensor in parts.get(part, {}).items():
            if tensor.is_floating_point() and tensor.numel():
                must = part == "optimizer" or name in finite or name.endswith(("running_mean", "running_var"))
                yield Held(part, name, tensor, part == "memory" or not must)


def _message(held: Held, context: StepContext, plan: Plan) -> Diagnostic:
    after = f"after step {context.step}" if context.step else "before the first step"
    when = f"{after} of stage `{context.stage.name}`"
    what, place, help = _cause(held, context, plan)
    message = f"{what} {'are infinite or' if not held.may_be_infinite else 'are'} not numbers {when}"
    is_update = place in [update.optimizer.place for update in context.stage.each_update]
    label = "this update" if is_update and place else ""
    return Diagnostic("R401", message, span_of(place), label, hints=last_good(context.folder), help=help)


def _cause(held: Held, context: StepContext, plan: Plan) -> tuple[str, Place | None, str]:
    """What holds them, the line that it comes from, and a way out."""
    stage = context.stage
    key = held.name.partition(".")[0]
    if held.part == "memory":
        node = next((n for n in stage.nodes if module_key(n.draw) == key), None)
        place = node.places[0] if node is not None and node.places else None
        return f"the values that `{node.op if node else key}` remembers", place, "look at what its `commit` gets"
    if held.part == "optimizer":
        *of, name, kept = held.name.split("::")
        place = next((u.optimizer.place for u in stage.updates if [u.name] == of), stage.optimizer.place)
        return f"the values `{kept}` that the optimizer keeps for `{name}`", place, GENTLER
    module = next((m for m in plan.modules if module_key(m.path) == key), None)
    names = f"the {'averaged ' if held.part == 'average' else ''}weights `{held.name}`"
    if module is None or module.average_of:
        return names, stage.each_update[0].optimizer.place, GENTLER
    for update in stage.each_update:
        if any(f"{t}.".startswith(f"{module.path}.") for t in update.train):
            return names, update.optimizer.place, GENTLER
    return (
        names,
        module.place,
        f"stage `{stage.name}` does not train `{module.path}`: look at where its weights are from",
    )
