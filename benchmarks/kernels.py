"""What a step asks of a device, counted instead of timed: operations to begin, and waits for their results.

Counts do not depend on the load of the machine. On the CPU they are those of the paths that an accelerator takes: there
no number steers what is computed.
"""

import importlib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any
from unittest.mock import patch

import torch
from attrs import frozen
from torch.optim.optimizer import register_optimizer_step_post_hook, register_optimizer_step_pre_hook
from torch.utils._python_dispatch import TorchDispatchMode

from benchmarks.timing import Side

WAITS = frozenset({"aten::_local_scalar_dense", "aten::nonzero", "aten::is_nonzero"})
FREE = frozenset({"aten::empty", "aten::empty_like", "aten::empty_strided", "aten::new_empty"})
LOOKS = ("ssldsl.ops.some_rows", "ssldsl.stdlib.views.color_jitter", "ssldsl.stdlib.views.random_resized_crop")
WARM = 3  # steps before the one that is counted


@frozen
class Counts:
    """Of one step, its optimizer left out. `by_name`: how often each operation is begun."""

    kernels: int
    waits: int
    by_name: dict[str, int]


class _Counter(TorchDispatchMode):
    """Counts operations that compute; those that only look at memory in another way are none."""

    def __init__(self) -> None:
        super().__init__()
        self.by_name: dict[str, int] = {}
        self.is_paused = False

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        schema = func._schema
        is_view = any(r.alias_info is not None and not r.alias_info.is_write for r in schema.returns)
        is_work = schema.name.startswith("aten::") and not is_view and schema.name not in FREE
        if is_work and not self.is_paused:
            self.by_name[schema.name] = self.by_name.get(schema.name, 0) + 1
        return func(*args, **(kwargs or {}))

    def words(self, *args: Any, **kwargs: Any) -> None:
        """Random words of a draw: one operation on a GPU, and none of torch here."""
        self.by_name["random words"] = self.by_name.get("random words", 0) + 1


def count(side: Side) -> Counts:
    """The operations of one step."""
    for number in range(WARM):
        side.step(number)
    counter = _Counter()
    with _as_on_a_gpu(counter), _without_optimizers(counter), counter:
        side.step(WARM)
    waits = sum(counter.by_name.get(name, 0) for name in WAITS)
    return Counts(sum(counter.by_name.values()) - waits, waits, counter.by_name)


@contextmanager
def _without_optimizers(counter: _Counter) -> Iterator[None]:
    """Inside, what optimizers do is not counted."""

    def pause(*_: Any) -> None:
        counter.is_paused = True

    def go_on(*_: Any) -> None:
        counter.is_paused = False

    hooks = register_optimizer_step_pre_hook(pause), register_optimizer_step_post_hook(go_on)
    try:
        yield
    finally:
        for hook in hooks:
            hook.remove()


@contextmanager
def _as_on_a_gpu(counter: _Counter) -> Iterator[None]:
    """Inside, views do not look at numbers, and every draw of random words counts as one operation."""
    from ssldsl.ops import random

    drawn = random._words_of

    def words_of(*args: Any) -> torch.Tensor:
        counter.words()
        return drawn(*args)

    with ExitStack() as stack:
        stack.enter_context(patch.object(random, "_words_of", words_of))
        for name in LOOKS:
            stack.enter_context(patch.object(importlib.import_module(name), "can_be_looked_at", lambda values: False))
        yield
