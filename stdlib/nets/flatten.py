"""Images as vectors of pixels."""

from torch import Tensor, nn

from ssldsl.ops import Images, PositiveInt, Vectors, op


@op(fixed=True)
class Flatten(nn.Module):
    r"""Pixels of an image, one after another, as a vector for networks that take vectors.

    $$ v_{(c H + i) W + j} = x_{cij} $$

    Source: common practice; no paper. It has no weights, so nothing in it learns.
    """

    def __init__(self, channels: PositiveInt, height: PositiveInt, width: PositiveInt) -> None:
        super().__init__()

    def forward(
        self, images: Images[Tensor, "batch channels height width"]
    ) -> Vectors[Tensor, "batch {channels*height*width}"]:
        return images.flatten(1)
