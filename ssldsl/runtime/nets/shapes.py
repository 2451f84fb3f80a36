"""The shape of what a network gives, found without training it, and what it says of inputs that it cannot take."""

import copy

import torch
from torch import nn

from ssldsl.errors import Diagnostic, SpecError
from ssldsl.graph.plan import ModulePlan
from ssldsl.runtime.nets.outputs import output
from ssldsl.runtime.ops.errors import OP_ERRORS, is_out_of_memory, raised_at
from ssldsl.runtime.spans import span_of

Shape = tuple[int, ...]
USUAL_SIDES = (224, 256, 384, 448, 512, 518, 299, 336, 192, 128, 96, 64, 32)  # of networks that know one size


def output_shape(module: nn.Module, shape: Shape, device: str = "meta", name: str = "") -> Shape:
    """The shape of a module's output, found on tensors without storage. `name`: of which, if not of what goes on."""
    hollow = copy.deepcopy(module).to(device).eval()
    with torch.no_grad():
        return tuple(output(hollow(torch.zeros(shape, device=device)), name).shape)


def shape_behind(module: nn.Module, plan: ModulePlan, shape: Shape, name: str = "") -> Shape:
    """The shape of a module's output; what its own code refuses becomes a message at its declaration.

    Code that asks for values cannot run without storage: it is given zeros.
    """
    try:
        return output_shape(module, shape, name=name)
    except OP_ERRORS:
        pass
    try:
        return output_shape(module, shape, "cpu", name)
    except OP_ERRORS as error:
        raise SpecError(_refused(module, plan, shape, error)) from error


def _refused(module: nn.Module, plan: ModulePlan, shape: Shape, error: BaseException) -> Diagnostic:
    if is_out_of_memory(error):
        return Diagnostic("R402", f"out of memory for the network `{plan.path}`", span_of(plan.place))
    channels = "channel" if shape[1:2] == (1,) else "channels"
    images = f"images of {shape[2]} by {shape[3]} pixels and {shape[1]} {channels}" if len(shape) == 4 else ""
    rows = images or f"rows of the shape {list(shape[1:])}"
    text = str(error).strip().splitlines()
    message = f"`{plan.path}` cannot take {rows}: {text[0] if text else type(error).__name__}"
    side = _side(module, shape) if images else None
    help = f"it takes {side} by {side}: `>> resize({side})` behind the data, in evaluations too" if side else ""
    return Diagnostic("R406", message, span_of(plan.place), hints=raised_at(error), help=help)


def _side(module: nn.Module, shape: Shape) -> int | None:
    """A side of square images that a network takes, if one of the usual ones is."""
    hollow = copy.deepcopy(module).to("meta").eval()
    for side in USUAL_SIDES:
        try:
            output_shape(hollow, (*shape[:2], side, side))
        except OP_ERRORS:
            continue
        return side
    return None
