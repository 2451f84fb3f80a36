"""A small network of plain convolutions whose features know where things are."""

from itertools import pairwise

from torch import Tensor, nn

from ssldsl.ops import Features, Images, PositiveInt, op
from ssldsl.stdlib.nets.convnet import block


@op(paper="simonyan2015vgg", batch_coupled=True)
class Vgg(nn.Module):
    r"""VGG-like network: 3×3 convolutions, each with batch normalization, ReLU and a pool, then one hidden layer.

    $$ f(x) = \mathrm{ReLU}(\mathrm{BN}(W\, \mathrm{vec}(b_n \circ \dots \circ b_1(x)))) $$

    `widths`: the channels of the convolutions; every one halves the image, rounded up. What is left of it goes into the
    hidden layer place by place, so the network is made for images of one size. In digits the place of a stroke is most
    of what there is; averaged over all places it is lost, and rotation alone does not teach it.

    Source: Simonyan & Zisserman, ICLR 2015; with four convolutions of 64, 128, 256, 256 channels the size that Han,
    Vedaldi & Zisserman, ICCV 2019 (DTC) use for digits; LSD-C's own network for MNIST was not released. Features are
    not negative.
    """

    def __init__(
        self,
        channels: PositiveInt,
        height: PositiveInt,
        width: PositiveInt,
        *,
        widths: list[PositiveInt] = [64, 128, 256, 256],  # noqa: B006  # a literal default that is only read
        hidden: PositiveInt = 512,
    ) -> None:
        super().__init__()
        sizes = [channels, *widths]
        self.blocks = nn.Sequential(*(block(before, after, "batch", pool=True) for before, after in pairwise(sizes)))
        places = [-(-side // 2 ** len(widths)) for side in (height, width)]
        self.hidden = nn.Sequential(
            nn.Linear(sizes[-1] * places[0] * places[1], hidden, bias=False), nn.BatchNorm1d(hidden), nn.ReLU()
        )

    def forward(self, images: Images[Tensor, "batch channels height width"]) -> Features[Tensor, "batch {hidden}"]:
        features: Tensor = self.hidden(self.blocks(images).flatten(1))
        return features
