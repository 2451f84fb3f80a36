"""Any classification network of torchvision, without its classifier."""

from difflib import get_close_matches

import torchvision
from torch import Tensor, nn

from ssldsl.ops import Features, File, Images, op
from ssldsl.ops.weights import load_weights


@op(batch_coupled=True, random=True)
class TorchvisionModel(nn.Module):
    """A network of torchvision, by its name, up to the features that its last linear layer classifies.

    `name`: as `torchvision.models.list_models(module=torchvision.models)` prints it. `weights`: a file with the
    network's weights (safetensors, or of `torch.save` without code), beside the spec or in the current folder; nothing
    is downloaded, and without a file the weights are random.

    Source: torchvision. It is taken to couple the rows of a batch and to be random, since batch normalization and
    dropout may be inside.
    """

    def __init__(self, *, name: str, weights: File | None = None) -> None:
        super().__init__()
        known = torchvision.models.list_models(module=torchvision.models)
        if name not in known:
            near = ", ".join(get_close_matches(name, known, n=8)) or "none"
            raise ValueError(f"torchvision has no classification network {name!r}; near it: {near}")
        self.model = torchvision.models.get_model(name, weights=None, **AUXILIARY.get(name, {}))
        remove_classifier(self.model, name)
        if weights is not None:
            load_weights(self.model, weights)

    def forward(self, images: Images[Tensor, "batch 3 height width"]) -> Features[Tensor, "batch dim"]:
        features: Tensor = self.model(images)
        return features.flatten(1)


# These two also judge from the middle of the network, in training mode, unless told not to.
AUXILIARY = {
    "googlenet": {"aux_logits": False, "init_weights": True},
    "inception_v3": {"aux_logits": False, "init_weights": True},
}


def remove_classifier(model: nn.Module, name: str) -> None:
    """Replace the last linear layer by the identity."""
    for place in ("fc", "heads", "head", "classifier"):
        owner, key, last = model, place, getattr(model, place, None)
        if isinstance(last, nn.Sequential):
            owner = last
            key, last = list(last.named_children())[-1]
        if isinstance(last, nn.Linear):
            setattr(owner, key, nn.Identity())
            return
    raise ValueError(
        f"the classifier of torchvision's {name!r} does not end in a linear map, so it cannot be taken off"
    )
