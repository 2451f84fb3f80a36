"""ResNet-18, and the stem and stages that all residual networks of the first kind share."""

from typing import Literal, NamedTuple

from torch import Tensor, nn
from torch.nn import functional
from torchvision.models.resnet import BasicBlock, Bottleneck

from ssldsl.ops import Features, Images, PositiveInt, op


class Seen(NamedTuple):
    """The features, and those of every place of the last map, row by row."""

    features: Features[Tensor, "batch 512"]
    tokens: Features[Tensor, "batch places 512"]


@op(paper="he2016resnet", batch_coupled=True)
class ResNet18(nn.Module):
    r"""ResNet-18: four stages of two residual blocks of two 3×3 convolutions, then global average pooling.

    $$ h \leftarrow \mathrm{ReLU}(h + \mathrm{BN}(W_2 * \mathrm{ReLU}(\mathrm{BN}(W_1 * h)))) $$

    `stem`: for ImageNet a 7×7 convolution of stride 2 and a maximum pool; for images of CIFAR's size a 3×3 convolution,
    or (`pooled`) that one and a maximum pool of 2×2 places, as in the code of IIC.
    `shortcut`: past a block that halves the image goes a 1×1 convolution, or (`pad`) the mean of every 2×2 places with
    as many channels of zeros, which has no parameters. Weights have torchvision's names, without the classifier.

    Source: He et al., CVPR 2016, table 1; version 1 of the block; shortcuts without parameters are option A there, with
    the pool as the released code of LSD-C has it; the CIFAR stem is common practice. Features are not negative.
    """

    def __init__(
        self,
        channels: PositiveInt,
        *,
        stem: Literal["imagenet", "cifar", "pooled"] = "imagenet",
        shortcut: Literal["projection", "pad"] = "projection",
    ) -> None:
        super().__init__()
        self.conv1 = stem_conv(channels, stem)
        self.bn1 = nn.BatchNorm2d(64)
        self.maxpool = stem_pool(stem)
        self.layer1 = stage(BasicBlock, 64, 64, blocks=2, stride=1)
        self.layer2 = stage(BasicBlock, 64, 128, blocks=2, stride=2)
        self.layer3 = stage(BasicBlock, 128, 256, blocks=2, stride=2)
        self.layer4 = stage(BasicBlock, 256, 512, blocks=2, stride=2)
        if shortcut == "pad":
            for halving in (self.layer2, self.layer3, self.layer4):
                halving[0].downsample = PadShortcut()
        initialize(self)

    def forward(self, images: Images[Tensor, "batch channels height width"]) -> Seen:
        maps = self.maxpool(self.bn1(self.conv1(images)).relu())
        maps = self.layer4(self.layer3(self.layer2(self.layer1(maps))))
        return Seen(maps.mean(dim=(2, 3)), maps.flatten(2).transpose(1, 2))


class PadShortcut(nn.Module):
    """Half the image and twice the channels without parameters: means of 2×2 places, and zeros."""

    def forward(self, maps: Tensor) -> Tensor:
        pooled = functional.avg_pool2d(maps, 2, ceil_mode=True)
        return functional.pad(pooled, (0, 0, 0, 0, 0, pooled.shape[1]))


def stem_conv(channels: int, stem: str) -> nn.Conv2d:
    """The first convolution."""
    if stem != "imagenet":
        return nn.Conv2d(channels, 64, 3, stride=1, padding=1, bias=False)
    return nn.Conv2d(channels, 64, 7, stride=2, padding=3, bias=False)


def stem_pool(stem: str) -> nn.Module:
    """The pool behind the first convolution; of CIFAR's stem none."""
    if stem == "pooled":
        return nn.MaxPool2d(2, stride=2, padding=1)
    return nn.Identity() if stem == "cifar" else nn.MaxPool2d(3, stride=2, padding=1)


def stage(
    block: type[BasicBlock] | type[Bottleneck], channels_in: int, planes: int, *, blocks: int, stride: int
) -> nn.Sequential:
    """Residual blocks at one resolution; the first one changes it and the channels, with a 1×1 convolution beside."""
    channels = planes * block.expansion
    beside = None
    if stride != 1 or channels_in != channels:
        beside = nn.Sequential(nn.Conv2d(channels_in, channels, 1, stride, bias=False), nn.BatchNorm2d(channels))
    return nn.Sequential(
        block(channels_in, planes, stride, beside), *(block(channels, planes) for _ in range(blocks - 1))
    )


def initialize(net: nn.Module) -> None:
    """Convolutions as He et al., ICCV 2015, by outputs; normalizations start as the identity."""
    for module in net.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
