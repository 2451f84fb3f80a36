"""Code that torch's compiler has no part in, in processes that never import it: that takes more than a second."""

import functools
import inspect
import sys
from collections.abc import Callable
from typing import ParamSpec, TypeVar, cast

import torch

P = ParamSpec("P")
R = TypeVar("R")
WRAPPED = ("add_param_group", "zero_grad", "state_dict", "load_state_dict", "step")


def uncompiled(function: Callable[P, R]) -> Callable[P, R]:
    """The function, which a compiled caller calls as it is: `torch.compiler.disable`, where there is a compiler."""
    disabled: Callable[P, R] = torch._disable_dynamo(function)  # type: ignore[attr-defined]  # torch's own, which waits

    @functools.wraps(function)
    def call(*args: P.args, **kwargs: P.kwargs) -> R:
        return (disabled if "torch._dynamo" in sys.modules else function)(*args, **kwargs)

    return call


def uncompiled_optimizer(kind: Callable[P, torch.optim.Optimizer]) -> Callable[P, torch.optim.Optimizer]:
    """The class of optimizers with its methods as torch wrote them, before it wrapped them for its compiler."""
    methods = {name: inspect.unwrap(getattr(kind, name)) for name in WRAPPED}
    made = type(kind.__name__, (cast(type, kind),), methods | {"step": torch.no_grad()(methods["step"])})
    return cast(Callable[P, torch.optim.Optimizer], made)
