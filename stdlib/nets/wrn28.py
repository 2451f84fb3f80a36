"""Wide residual networks of 28 layers, as semi-supervised papers use them on CIFAR."""

from typing import NamedTuple

from torch import Tensor, nn

from ssldsl.ops import Features, Fraction, Images, NonNegativeFloat, PositiveFloat, PositiveInt, op


class Seen(NamedTuple):
    """The features, and those of every place of the last map, row by row."""

    features: Features[Tensor, "batch {64*widen}"]
    tokens: Features[Tensor, "batch places {64*widen}"]


@op(paper="zagoruyko2016wide", batch_coupled=True)
class Wrn28(nn.Module):
    r"""Wide ResNet-28: three groups of four pre-activation units, `widen` times as wide, then global average pooling.

    $$ h \leftarrow s(h) + W_2 * a(W_1 * a(h)), \quad a = \mathrm{LReLU} \circ \mathrm{BN} $$

    The shortcut s is the identity, or a 1×1 convolution where channels change. In the very first unit the shortcut
    starts behind the activation. `slope`: of the leaky ReLU, 0 for the plain one. `momentum`: weight of the newest
    batch in the running statistics.

    Source: Zagoruyko & Komodakis, BMVC 2016, with the leaky ReLU and shortcuts of Oliver et al., NeurIPS 2018; initial
    weights of its PyTorch ports.
    """

    def __init__(
        self,
        channels: PositiveInt,
        *,
        widen: PositiveInt = 2,
        slope: NonNegativeFloat = 0.1,
        momentum: Fraction = 0.1,
        epsilon: PositiveFloat = 1e-5,
    ) -> None:
        super().__init__()
        widths = [16, 16 * widen, 32 * widen, 64 * widen]
        self.conv1 = nn.Conv2d(channels, 16, 3, padding=1, bias=False)
        self.group1 = group(widths[0], widths[1], stride=1, slope=slope, activate_first=True)
        self.group2 = group(widths[1], widths[2], stride=2, slope=slope)
        self.group3 = group(widths[2], widths[3], stride=2, slope=slope)
        self.head = activation(widths[3], slope)
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
            if isinstance(module, nn.BatchNorm2d):
                module.momentum, module.eps = momentum, epsilon

    def forward(self, images: Images[Tensor, "batch channels height width"]) -> Seen:
        maps = self.group3(self.group2(self.group1(self.conv1(images))))
        maps = self.head(maps)
        return Seen(maps.mean(dim=(2, 3)), maps.flatten(2).transpose(1, 2))


class Unit(nn.Module):
    """A pre-activation residual unit. `activate_first`: the shortcut, too, starts behind the activation."""

    def __init__(self, channels_in: int, channels: int, stride: int, slope: float, activate_first: bool) -> None:
        super().__init__()
        self.activate_first = activate_first
        self.before = activation(channels_in, slope)
        self.conv1 = nn.Conv2d(channels_in, channels, 3, stride, padding=1, bias=False)
        self.between = activation(channels, slope)
        self.conv2 = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        changes = channels_in != channels or stride != 1
        self.shortcut = nn.Conv2d(channels_in, channels, 1, stride, bias=False) if changes else nn.Identity()

    def forward(self, maps: Tensor) -> Tensor:
        activated = self.before(maps)
        branch: Tensor = self.conv2(self.between(self.conv1(activated)))
        beside: Tensor = self.shortcut(activated if self.activate_first else maps)
        return beside + branch


def group(channels_in: int, channels: int, *, stride: int, slope: float, activate_first: bool = False) -> nn.Sequential:
    """Four units; the first one changes resolution and channels."""
    first = Unit(channels_in, channels, stride, slope, activate_first)
    return nn.Sequential(first, *(Unit(channels, channels, 1, slope, False) for _ in range(3)))


def activation(channels: int, slope: float) -> nn.Sequential:
    function = nn.LeakyReLU(slope, inplace=True) if slope else nn.ReLU(inplace=True)
    return nn.Sequential(nn.BatchNorm2d(channels), function)
