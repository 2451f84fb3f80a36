"""ResNet-34 v2."""

from typing import Literal, NamedTuple

from torch import Tensor, nn

from ssldsl.ops import Features, Images, PositiveInt, op
from ssldsl.stdlib.nets.resnet50v2 import activation, basic, initialize, root_conv, root_pool, stage


class Seen(NamedTuple):
    """The features, and those of every place of the last map, row by row."""

    features: Features[Tensor, "batch {128*width}"]
    tokens: Features[Tensor, "batch places {128*width}"]


@op(paper="he2016identity", batch_coupled=True)
class ResNet34V2(nn.Module):
    r"""ResNet-34 v2 (pre-activation): stages of 3, 4, 6 and 3 units of two convolutions, then global average pooling.

    $$ h \leftarrow s(h) + W_2 * a(W_1 * a(h)), \quad a = \mathrm{ReLU} \circ \mathrm{BN} $$

    The shortcut s is the identity; where resolution or channels change, it is a 1×1 convolution of a(h). The features
    are the means of a(h) behind the last stage: 128 times `width` of them. `width`: the first convolution has 16 times
    as many channels; 4 is the network of the usual width. `stem`: for ImageNet a 7×7 convolution of stride 2 and a
    maximum pool that sees zeros outside the image; for images of CIFAR's size a 3×3 convolution.

    Source: He et al., ECCV 2016, fig. 4e; the rest as in `resnet50v2`. Features are not negative.
    """

    def __init__(
        self, channels: PositiveInt, *, width: PositiveInt = 4, stem: Literal["imagenet", "cifar"] = "imagenet"
    ) -> None:
        super().__init__()
        c = 16 * width
        self.conv1 = root_conv(channels, width, stem)
        self.maxpool = root_pool(stem)
        self.layer1 = stage(basic, c, c, units=3, stride=1)
        self.layer2 = stage(basic, c, 2 * c, units=4, stride=2)
        self.layer3 = stage(basic, 2 * c, 4 * c, units=6, stride=2)
        self.layer4 = stage(basic, 4 * c, 8 * c, units=3, stride=2)
        self.last = activation(8 * c)
        initialize(self)

    def forward(self, images: Images[Tensor, "batch channels height width"]) -> Seen:
        maps = self.maxpool(self.conv1(images))
        maps = self.layer4(self.layer3(self.layer2(self.layer1(maps))))
        maps = self.last(maps)
        return Seen(maps.mean(dim=(2, 3)), maps.flatten(2).transpose(1, 2))
