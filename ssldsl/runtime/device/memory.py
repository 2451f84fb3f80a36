"""How much memory there is, and what can be known to need more before it is tried.

A system lets a process ask for more memory than there is, and ends it without a word when it is used. So what is known
beforehand, the weights of a network and the images of a step, is counted first.
"""

import math
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import torch
from torch import nn
from torch.nn.modules.module import register_module_parameter_registration_hook

from ssldsl.errors import Diagnostic, SpecError
from ssldsl.graph.plan import StagePlan
from ssldsl.runtime.spans import span_of

MOST_TENSORS = 100_000  # of one network; those of the largest published ones have some thousands
NUMBER = 4  # bytes


class HugeNetwork(MemoryError):
    """A network that cannot be held."""


@contextmanager
def counted_weights() -> Iterator[None]:
    """Inside, a network is made; raises `HugeNetwork` as soon as it has more weights than there is memory."""
    room, held, tensors = memory_of(torch.device("cpu")), 0, 0

    def count(module: nn.Module, name: str, weights: nn.Parameter) -> None:
        nonlocal held, tensors
        held, tensors = held + weights.nbytes, tensors + 1
        if held > room:
            raise HugeNetwork(f"its weights are more than {_gigabytes(held)}, and this machine has {_gigabytes(room)}")
        if tensors > MOST_TENSORS:
            raise HugeNetwork(f"it has more than {MOST_TENSORS:,} tensors of weights")

    hook = register_module_parameter_registration_hook(count)
    try:
        yield
    finally:
        hook.remove()


def check_room(stage: StagePlan, fields: Mapping[str, tuple[int, ...]], processes: int, device: torch.device) -> None:
    """Refuse a stage (R402) one part of whose batch is larger than the memory. fields: shape of a sample, by stream."""
    shares = processes * stage.accumulate
    sizes = {s.name: s.rows // shares * _numbers_of_a_sample(s.name, fields) * NUMBER for s in stage.streams}
    room = memory_of(device)
    if sum(sizes.values()) > room:
        name = max(sizes, key=lambda stream: sizes[stream])
        place = stage.places.get(f"batch.{name}", stage.places.get("batch", stage.place))
        message = (
            f"a step of stage `{stage.name}` has no room: the rows of `{name}` alone are {_gigabytes(sizes[name])}"
        )
        label = f"this device has {_gigabytes(room)}"
        help = "take a smaller `batch`, or split it: `accumulate = 2`"
        raise SpecError(Diagnostic("R402", message, span_of(place), label, help=help))


def memory_of(device: torch.device) -> float:
    """The bytes of a device's memory; endless where the system does not say."""
    if device.type == "cuda":
        return float(torch.cuda.get_device_properties(device).total_memory)
    try:
        return float(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"))
    except (AttributeError, ValueError, OSError):
        return math.inf


def _numbers_of_a_sample(stream: str, fields: Mapping[str, tuple[int, ...]]) -> int:
    """Of the largest field, which the step reads."""
    return max((math.prod(shape) for name, shape in fields.items() if name.startswith(f"{stream}.")), default=0)


def _gigabytes(size: float) -> str:
    return f"{size / 1e9:,.1f} GB"
