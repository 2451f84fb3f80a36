"""ResNet-50 v2, and the root, units and stages that all residual networks of the second kind share."""

from collections.abc import Callable
from typing import Literal, NamedTuple

from torch import Tensor, nn
from torch.nn import functional

from ssldsl.ops import Features, Images, PositiveInt, op


class Seen(NamedTuple):
    """The features, and those of every place of the last map, row by row."""

    features: Features[Tensor, "batch {512*width}"]
    tokens: Features[Tensor, "batch places {512*width}"]


@op(paper="he2016identity", batch_coupled=True)
class ResNet50V2(nn.Module):
    r"""ResNet-50 v2 (pre-activation): stages of 3, 4, 6 and 3 bottleneck units, then global average pooling.

    $$ h \leftarrow s(h) + W_3 * a(W_2 * a(W_1 * a(h))), \quad a = \mathrm{ReLU} \circ \mathrm{BN} $$

    The shortcut s is the identity; where resolution or channels change, it is a 1×1 convolution of a(h). The features
    are the means of a(h) behind the last stage: 512 times `width` of them. `width`: the first convolution has 16 times
    as many channels; 4 is the network of the paper, 8 and 16 are "two times" and "four times wider". `stem`: for
    ImageNet a 7×7 convolution of stride 2 and a maximum pool that sees zeros outside the image, with no normalization
    between; for images of CIFAR's size a 3×3 convolution. No convolution has a bias.

    Source: He et al., ECCV 2016, fig. 4e; widths, initial weights (Glorot & Bengio, uniform) and normalization
    (momentum 0.01, epsilon 1e-3) as Zhai et al., ICCV 2019, used them. Features are not negative.
    """

    def __init__(
        self, channels: PositiveInt, *, width: PositiveInt = 4, stem: Literal["imagenet", "cifar"] = "imagenet"
    ) -> None:
        super().__init__()
        c = 16 * width
        self.conv1 = root_conv(channels, width, stem)
        self.maxpool = root_pool(stem)
        self.layer1 = stage(bottleneck, c, 4 * c, units=3, stride=1)
        self.layer2 = stage(bottleneck, 4 * c, 8 * c, units=4, stride=2)
        self.layer3 = stage(bottleneck, 8 * c, 16 * c, units=6, stride=2)
        self.layer4 = stage(bottleneck, 16 * c, 32 * c, units=3, stride=2)
        self.last = activation(32 * c)
        initialize(self)

    def forward(self, images: Images[Tensor, "batch channels height width"]) -> Seen:
        maps = self.maxpool(self.conv1(images))
        maps = self.layer4(self.layer3(self.layer2(self.layer1(maps))))
        maps = self.last(maps)
        return Seen(maps.mean(dim=(2, 3)), maps.flatten(2).transpose(1, 2))


def root_conv(channels: int, width: int, stem: str) -> nn.Conv2d:
    """The first convolution; the first unit normalizes and activates what it gives."""
    if stem == "cifar":
        return nn.Conv2d(channels, 16 * width, 3, padding=1, bias=False)
    return nn.Conv2d(channels, 16 * width, 7, stride=2, padding=3, bias=False)


def root_pool(stem: str) -> nn.Module:
    return nn.Identity() if stem == "cifar" else ZeroPaddedMaxPool()


class ZeroPaddedMaxPool(nn.Module):
    """Max pooling over 3×3 pixels with stride 2. Zeros pad the image, and may be the maximum."""

    def forward(self, maps: Tensor) -> Tensor:
        pooled: Tensor = functional.max_pool2d(functional.pad(maps, (1, 1, 1, 1)), 3, stride=2)
        return pooled


class Unit(nn.Module):
    """A pre-activation residual unit: its branch, and a shortcut that is no identity, start behind the activation."""

    def __init__(self, channels_in: int, channels: int, stride: int, branch: nn.Sequential) -> None:
        super().__init__()
        changes = stride != 1 or channels_in != channels
        self.before = activation(channels_in)
        self.shortcut = convolution(channels_in, channels, 1, stride) if changes else None
        self.branch = branch

    def forward(self, maps: Tensor) -> Tensor:
        activated = self.before(maps)
        beside: Tensor = maps if self.shortcut is None else self.shortcut(activated)
        branch: Tensor = self.branch(activated)
        return beside + branch


Branch = Callable[
    [int, int, int], nn.Sequential
]  # of channels in, channels out and stride; activated maps in, others out


def bottleneck(channels_in: int, channels: int, stride: int) -> nn.Sequential:
    """Convolutions of 1×1, 3×3 and 1×1, the first two with a fourth of the channels; the second one has the stride."""
    narrow = channels // 4
    return nn.Sequential(
        convolution(channels_in, narrow, 1),
        activation(narrow),
        convolution(narrow, narrow, 3, stride),
        activation(narrow),
        convolution(narrow, channels, 1),
    )


def basic(channels_in: int, channels: int, stride: int) -> nn.Sequential:
    """Two convolutions of 3×3; the second one has the stride, as in Zhai et al., ICCV 2019, as released."""
    return nn.Sequential(
        convolution(channels_in, channels, 3),
        activation(channels),
        convolution(channels, channels, 3, stride),
    )


def stage(branch: Branch, channels_in: int, channels: int, *, units: int, stride: int) -> nn.Sequential:
    """Units at one resolution, which the first one changes together with the channels."""
    first = Unit(channels_in, channels, stride, branch(channels_in, channels, stride))
    return nn.Sequential(first, *(Unit(channels, channels, 1, branch(channels, channels, 1)) for _ in range(units - 1)))


def convolution(channels_in: int, channels: int, size: int, stride: int = 1) -> nn.Conv2d:
    return nn.Conv2d(channels_in, channels, size, stride, padding=size // 2, bias=False)


def activation(channels: int) -> nn.Sequential:
    return nn.Sequential(nn.BatchNorm2d(channels, eps=1e-3, momentum=0.01), nn.ReLU(inplace=True))


def initialize(net: nn.Module) -> None:
    """Convolutions as Glorot & Bengio, AISTATS 2010, uniform; normalizations start as the identity."""
    for module in net.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.xavier_uniform_(module.weight)
