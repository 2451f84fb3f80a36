"""Files of weights read as tensors. No file is executed."""

from pathlib import Path

from torch import Tensor

from ssldsl.errors import Diagnostic, SpecError
from ssldsl.graph.plan import InitPlan
from ssldsl.ops.weights import UnfitWeights, tensors_of
from ssldsl.runtime.spans import span_of


def read_weights(path: Path, init: InitPlan | None = None) -> dict[str, Tensor]:
    """The tensors of a file: safetensors, or a torch file without code in it. `init`: which of them, and for whom."""
    try:
        return tensors_of(path, key=init.key, prefix=init.prefix) if init else tensors_of(path)
    except UnfitWeights as error:
        place = span_of(init.place) if init else None
        raise SpecError(Diagnostic("R421", f"the weights in {path} cannot be read: {error.why}", place)) from error
