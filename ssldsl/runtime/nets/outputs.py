"""What a network gives: a tensor, or several in a NamedTuple, of which the first goes on to the next network."""

from typing import Any

from torch import Tensor, nn


def first_output(given: Any) -> Tensor:
    """What goes on of what a forward pass gave."""
    first: Tensor = given if isinstance(given, Tensor) else given[0]
    return first


def output(given: Any, name: str) -> Tensor:
    """One of the tensors that a forward pass gave, by name; without one, what goes on."""
    found: Tensor = getattr(given, name) if name else first_output(given)
    return found


def only_first(net: nn.Module) -> nn.Module:
    """The same module, which from now on gives of a NamedTuple what goes on; its parts and weights keep their names."""
    net.register_forward_hook(_take_first)
    return net


def _take_first(_net: nn.Module, _inputs: Any, given: Any) -> Any:
    return given[0] if hasattr(given, "_fields") else given
