"""Two pieces of code timed in turns, so that whatever else the machine does meets both alike; their peak memory."""

import resource
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from itertools import accumulate
from pathlib import Path
from typing import Protocol

import torch
from attrs import frozen
from torch.profiler import ProfilerActivity, profile

# floats of 31 MB, as activations of a step may have: once so much was let go at a time, the C library of Linux hands
# such memory on; before, it asks the system for every tensor of some MB anew, which may cost more than to fill it
KEPT_MEMORY = 31 * 2**18
Clocks = tuple[float, float]  # seconds on the wall, seconds of all processor cores


class Side(Protocol):
    """What is timed."""

    def step(self, number: int) -> None: ...


@frozen
class Timed:
    """Seconds of a step, block by block. `cpu` are those of all cores of this process."""

    wall: tuple[float, ...]
    cpu: tuple[float, ...]

    def by(self, *, is_wall: bool) -> tuple[float, ...]:
        return self.wall if is_wall else self.cpu


def interleaved(sides: Sequence[Side], device: torch.device, *, rounds: int, seconds: float) -> list[Timed]:
    """Blocks of steps of about so many seconds, A B B A A B ..., of every side `rounds`."""
    torch.ones(KEPT_MEMORY)  # made and let go
    done = [_warm_up(side, device) for side in sides]
    alone = [_block(side, device, start, 2)[0] / 2 for side, start in zip(sides, done, strict=True)]
    length = max(2, round(seconds / min(alone)))
    done = [start + 2 for start in done]
    found: list[list[Clocks]] = [[] for _ in sides]
    for turn in range(rounds):
        order = range(len(sides)) if turn % 2 == 0 else reversed(range(len(sides)))
        for number in order:
            wall, cpu = _block(sides[number], device, done[number], length)
            found[number].append((wall / length, cpu / length))
            done[number] += length
    return [Timed(*(tuple(values) for values in zip(*blocks, strict=True))) for blocks in found]


def _warm_up(side: Side, device: torch.device, steps: int = 5) -> int:
    _block(side, device, 0, steps)
    return steps


def _block(side: Side, device: torch.device, first: int, length: int) -> Clocks:
    wait(device)
    wall, cpu = time.perf_counter(), time.process_time()
    for number in range(first, first + length):
        side.step(number)
    wait(device)
    return time.perf_counter() - wall, time.process_time() - cpu


def wait(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def ratios(ours: Sequence[float], theirs: Sequence[float]) -> tuple[float, float, float]:
    """How often as fast ours is, block beside block: median, lower and upper quartile."""
    values = [b / a for a, b in zip(ours, theirs, strict=True)]
    low, middle, high = statistics.quantiles(values, n=4, method="inclusive")
    return middle, low, high


def peak_of(make: Callable[[], Side], device: torch.device, steps: int = 4) -> int:
    """Bytes that a step has at its peak beyond what lies there when it begins, as torch's own allocator counts them.

    A process as a whole says less: what the C library keeps for it scatters by a tenth from run to run.
    """
    side = make()
    _warm_up(side, device, steps)
    if device.type != "cuda":
        return _peak_of_step(side, steps)
    wait(device)
    before = torch.cuda.memory_allocated(device)
    torch.cuda.reset_peak_memory_stats(device)
    _block(side, device, steps, 1)
    return int(torch.cuda.max_memory_allocated(device) - before)


def _peak_of_step(side: Side, number: int) -> int:
    with profile(activities=[ProfilerActivity.CPU], profile_memory=True) as found:
        side.step(number)
    changes = [event for event in found.profiler.kineto_results.events() if event.name() == "[memory]"]
    in_order = sorted(changes, key=lambda event: event.start_ns())
    return max(accumulate((event.nbytes() for event in in_order), initial=0))


def peak_resident() -> int:
    """Bytes of main memory that this process had at most. `ru_maxrss` of a child starts at what its parent had."""
    status = Path("/proc/self/status")
    if status.is_file():
        return int(next(line for line in status.read_text().splitlines() if line.startswith("VmHWM")).split()[1]) * 1024
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
