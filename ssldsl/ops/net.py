"""What an op receives where its signature says `Net`: a network that it may call, also without touching statistics."""

from typing import Protocol

from torch import Tensor


class Net(Protocol):
    """A network, or a composition of several, in the mode (training or evaluation) of the step."""

    def __call__(self, inputs: Tensor) -> Tensor:
        """The ordinary forward pass; batch normalization updates its running statistics in training mode."""
        ...

    def frozen(self, inputs: Tensor) -> Tensor:
        """The same forward pass (batch statistics in training mode), leaving every buffer as it is."""
        ...
