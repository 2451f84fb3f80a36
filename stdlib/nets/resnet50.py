"""ResNet-50."""

from typing import Literal, NamedTuple

from torch import Tensor, nn
from torchvision.models.resnet import Bottleneck

from ssldsl.ops import Features, Images, PositiveInt, op
from ssldsl.stdlib.nets.resnet18 import initialize, stage, stem_conv, stem_pool


class Seen(NamedTuple):
    """The features, and those of every place of the last map, row by row."""

    features: Features[Tensor, "batch 2048"]
    tokens: Features[Tensor, "batch places 2048"]


@op(paper="he2016resnet", batch_coupled=True)
class ResNet50(nn.Module):
    r"""ResNet-50: stages of 3, 4, 6 and 3 bottleneck blocks, then global average pooling.

    $$ h \leftarrow \mathrm{ReLU}(h + \mathrm{BN}(W_3 * g)), \quad
       g = \mathrm{ReLU}(\mathrm{BN}(W_2 * \mathrm{ReLU}(\mathrm{BN}(W_1 * h)))) $$

    `stem`: for ImageNet a 7×7 convolution of stride 2 and a maximum pool; for images of CIFAR's size a 3×3 convolution.
    Weights have torchvision's names, without the classifier.

    Source: He et al., CVPR 2016, table 1; version 1 of the block, with the stride in the
    3×3 convolution as torchvision has it (the paper: in the first 1×1). Features are not negative.
    """

    def __init__(self, channels: PositiveInt, *, stem: Literal["imagenet", "cifar"] = "imagenet") -> None:
        super().__init__()
        self.conv1 = stem_conv(channels, stem)
        self.bn1 = nn.BatchNorm2d(64)
        self.maxpool = stem_pool(stem)
        self.layer1 = stage(Bottleneck, 64, 64, blocks=3, stride=1)
        self.layer2 = stage(Bottleneck, 256, 128, blocks=4, stride=2)
        self.layer3 = stage(Bottleneck, 512, 256, blocks=6, stride=2)
        self.layer4 = stage(Bottleneck, 1024, 512, blocks=3, stride=2)
        initialize(self)

    def forward(self, images: Images[Tensor, "batch channels height width"]) -> Seen:
        maps = self.maxpool(self.bn1(self.conv1(images)).relu())
        maps = self.layer4(self.layer3(self.layer2(self.layer1(maps))))
        return Seen(maps.mean(dim=(2, 3)), maps.flatten(2).transpose(1, 2))
