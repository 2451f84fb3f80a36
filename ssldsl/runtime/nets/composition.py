"""Networks as values: what an op receives where its signature says `Net`."""

from torch import Tensor, nn

from ssldsl.runtime.nets.modes import AtRest, Steady, unmoved
from ssldsl.runtime.nets.outputs import first_output


class Composition:
    """Modules applied one after another, as one network. Owns nothing: the modules belong to the step."""

    def __init__(self, *modules: nn.Module | AtRest | Steady) -> None:
        self.modules = modules

    def __call__(self, inputs: Tensor) -> Tensor:
        """The ordinary forward pass."""
        for module in self.modules:
            inputs = first_output(module(inputs))
        return inputs

    def frozen(self, inputs: Tensor) -> Tensor:
        """The same forward pass, leaving every buffer as it is."""
        for module in self.modules:
            inputs = first_output(unmoved(module)(inputs))
        return inputs
