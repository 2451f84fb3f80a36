"""The last few steps' losses, kept on the device: the host reads a whole window at once, so no step waits for it.

What is watched stands in the last columns. It may be no number in a step, such as a mean over no rows at all.
"""

import math
from collections.abc import Callable, Collection, Sequence

import torch
from attrs import frozen
from torch import Tensor

LeftOut = Callable[[int], Collection[str]]


def _nothing(step: int) -> Collection[str]:
    return ()


@frozen
class Window:
    """Some steps running: their losses, one row a step.

    first: number of the first step, from 0. is_stop_wanted: whether any process was asked to stop. watched: how many of
    the columns, the last ones, are no losses. left_out: what a step does not compute, when it is
    the turn of another update.
    """

    first: int
    names: tuple[str, ...]
    rows: tuple[tuple[float, ...], ...]
    is_stop_wanted: bool = False
    watched: int = 0
    left_out: LeftOut = _nothing

    @property
    def losses(self) -> int:
        """How many of the columns are losses."""
        return len(self.names) - self.watched

    def means(self) -> dict[str, float]:
        """Mean of every loss over the steps that compute it; those that none computes are left out."""
        found: dict[str, list[float]] = {}
        for step, row in enumerate(self.rows, start=self.first):
            left_out = self.left_out(step)
            for name, value in zip(self.names[: self.losses], row, strict=False):
                if name not in left_out:
                    found.setdefault(name, []).append(value)
        return {name: math.fsum(values) / len(values) for name, values in found.items()}

    def watched_means(self) -> dict[str, float]:
        """Mean of everything watched over the steps in which it is a finite number; no number if there are none."""
        columns = list(zip(*self.rows, strict=True))[self.losses :]
        finite = [[value for value in column if math.isfinite(value)] for column in columns]
        means = [math.fsum(column) / len(column) if column else math.nan for column in finite]
        return dict(zip(self.names[self.losses :], means, strict=True))

    def first_not_finite(self) -> tuple[int, str] | None:
        """The first step with a loss that is no finite number, and the name of the first such loss."""
        for step, row in enumerate(self.rows, start=self.first):
            for name, value in zip(self.names[: self.losses], row, strict=False):
                if not math.isfinite(value) and name not in self.left_out(step):
                    return step, name
        return None


class LossRing:
    """A buffer of `length` rows on the device, one row a step, in windows that begin at multiples of `length`.

    The sum of a step's `parts` micro-steps is kept; reading divides by their number, and takes the `mean` of processes.
    watched: how many of the names, the last ones, are no losses. left_out: those that a step does not compute.
    """

    def __init__(
        self,
        names: Sequence[str],
        length: int,
        device: torch.device | str,
        *,
        parts: int = 1,
        watched: int = 0,
        dtype: torch.dtype = torch.float32,
        mean: Callable[[Tensor], Tensor] = lambda values: values,
        left_out: LeftOut = _nothing,
    ) -> None:
        self.names, self.length, self.parts, self.mean = tuple(names), length, parts, mean
        self.watched, self.left_out = watched, left_out
        self.values = torch.zeros(length, len(self.names), device=device, dtype=dtype)
        self._rows = self.values.unbind()
        self._none = self.values.new_full((), math.nan)

    def put(self, step: int, part: int, losses: dict[str, Tensor]) -> None:
        """Keep the losses of one micro-step."""
        with torch.no_grad():
            values = [losses.get(name, self._none) for name in self.names]
            place = self._rows[step % self.length]
            if part == 0:
                torch.stack(values, out=place)
            else:
                place.add_(torch.stack(values))

    def of_all_processes(self) -> Tensor:
        """What is kept, as the mean of the processes: they all read it back as that."""
        return self.mean(self.values.clone())

    def closes_window(self, step: int, steps: int) -> bool:
        """Whether a window ends with this step."""
        return (step + 1) % self.length == 0 or step + 1 == steps

    def read(self, step: int, *, stop: bool = False) -> Window:
        """The window up to and including `step`, from the device; `stop`: whether this process was asked to stop."""
        count = step % self.length + 1
        flag = self.values.new_full((1, len(self.names)), float(stop))
        rows = self.mean(torch.cat([self.values[:count] / self.parts, flag])).tolist()
        return Window(
            step - count + 1, self.names, tuple(map(tuple, rows[:-1])), rows[-1][0] > 0, self.watched, self.left_out
        )
