"""Any image network of timm, without its classifier."""

from difflib import get_close_matches

from torch import Tensor, nn

from ssldsl.ops import Features, File, Images, PositiveInt, op
from ssldsl.ops.weights import load_weights


@op(batch_coupled=True, random=True, needs="timm")
class TimmModel(nn.Module):
    """A network of the timm library, by its name, up to its pooled features.

    `name`: as `timm.list_models()` prints it. `channels`: of the images. `weights`: a file with the network's weights
    (safetensors, or of `torch.save` without code), beside the spec or in the current folder; nothing is downloaded, and
    without a file the weights are random.

    Source: timm, an optional dependency. It is taken to couple the rows of a batch and to be random, since batch
    normalization and dropout may be inside.
    """

    def __init__(self, *, name: str, weights: File | None = None, channels: PositiveInt = 3) -> None:
        super().__init__()
        import timm  # an optional dependency, and slow to import

        if name not in timm.list_models():
            near = ", ".join(get_close_matches(name, timm.list_models(), n=8)) or "none"
            raise ValueError(f"timm has no network {name!r}; near it: {near}")
        self.model: nn.Module = timm.create_model(name, pretrained=False, num_classes=0, in_chans=channels)
        if weights is not None:
            load_weights(self.model, weights)

    def forward(self, images: Images[Tensor, "batch {channels} height width"]) -> Features[Tensor, "batch dim"]:
        features: Tensor = self.model(images)
        return features
