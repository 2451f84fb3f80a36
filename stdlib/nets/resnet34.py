"""ResNet-34."""

from typing import Literal, NamedTuple

from torch import Tensor, nn
from torchvision.models.resnet import BasicBlock

from ssldsl.ops import Features, Images, PositiveInt, op
from ssldsl.stdlib.nets.resnet18 import initialize, stage, stem_conv, stem_pool


class Seen(NamedTuple):
    """The features, and those of every place of the last map, row by row."""

    features: Features[Tensor, "batch 512"]
    tokens: Features[Tensor, "batch places 512"]


@op(paper="he2016resnet", batch_coupled=True)
class ResNet34(nn.Module):
    r"""ResNet-34: stages of 3, 4, 6 and 3 residual blocks of two 3×3 convolutions, then global average pooling.

    $$ h \leftarrow \mathrm{ReLU}(h + \mathrm{BN}(W_2 * \mathrm{ReLU}(\mathrm{BN}(W_1 * h)))) $$

    `stem`: for ImageNet a 7×7 convolution of stride 2 and a maximum pool; for images of CIFAR's size a 3×3 convolution,
    or (`pooled`) that one and a maximum pool of 2×2 places, as in the code of IIC.
    Weights have torchvision's names, without the classifier.

    Source: He et al., CVPR 2016, table 1; version 1 of the block. Features are not negative.
    """

    def __init__(self, channels: PositiveInt, *, stem: Literal["imagenet", "cifar", "pooled"] = "imagenet") -> None:
        super().__init__()
        self.conv1 = stem_conv(channels, stem)
        self.bn1 = nn.BatchNorm2d(64)
        self.maxpool = stem_pool(stem)
        self.layer1 = stage(BasicBlock, 64, 64, blocks=3, stride=1)
        self.layer2 = stage(BasicBlock, 64, 128, blocks=4, stride=2)
        self.layer3 = stage(BasicBlock, 128, 256, blocks=6, stride=2)
        self.layer4 = stage(BasicBlock, 256, 512, blocks=3, stride=2)
        initialize(self)

    def forward(self, images: Images[Tensor, "batch channels height width"]) -> Seen:
        maps = self.maxpool(self.bn1(self.conv1(images)).relu())
        maps = self.layer4(self.layer3(self.layer2(self.layer1(maps))))
        return Seen(maps.mean(dim=(2, 3)), maps.flatten(2).transpose(1, 2))
