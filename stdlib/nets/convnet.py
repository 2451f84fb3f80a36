"""A small convolutional network for images of 8 to 32 pixels."""

from itertools import pairwise
from typing import Literal

import torch
from torch import Tensor, nn
from torch.autograd import forward_ad

from ssldsl.ops import Features, Images, PositiveInt, op

OLDER = tuple(map(int, torch.__version__.split(".")[:2])) < (2, 14)  # the oldest that was seen to manage


ROUNDING = 2.0**-46  # more than rounding makes of sums of some hundred terms in double precision


@op(batch_coupled={"norm": "batch"})
class ConvNet(nn.Module):
    r"""Small convolutional network: blocks of 3×3 convolution, normalization and ReLU, then global average pooling.

    $$ f(x) = \mathrm{mean}_{hw}\, b_{depth} \circ \dots \circ b_1(x), \quad
       b_i = \mathrm{ReLU} \circ \mathrm{norm} \circ \mathrm{pool} \circ \mathrm{conv} $$

    A maximum pool halves the image in every block but the last. Channels are `width`, twice that, and four times that
    in the last block and all between. Group normalization (eight groups) keeps the rows of a batch independent, so
    rotated or perturbed copies do not change the statistics of the plain images.

    Source: common practice; no paper. Features are not negative.
    """

    def __init__(
        self,
        channels: PositiveInt,
        *,
        width: PositiveInt = 32,
        norm: Literal["group", "batch", "none"] = "group",
        depth: PositiveInt = 3,
    ) -> None:
        super().__init__()
        sizes = [channels, *(width * 2 ** min(i, 2) for i in range(depth - 1)), 4 * width]
        pools = [True] * (depth - 1) + [False]
        self.blocks = nn.Sequential(*(block(*io, norm, pool) for io, pool in zip(pairwise(sizes), pools, strict=True)))

    def forward(self, images: Images[Tensor, "batch channels height width"]) -> Features[Tensor, "batch {4*width}"]:
        # small convolutions run a third faster so; not by `contiguous`, which takes one channel for last already
        maps: Tensor = self.blocks(images.clone(memory_format=torch.channels_last))
        return maps.mean(dim=(2, 3))


def block(channels_in: int, channels_out: int, norm: str, pool: bool) -> nn.Sequential:
    """Convolution, pool, normalization, ReLU. A convolution that is normalized needs no bias of its own."""
    conv = nn.Conv2d(channels_in, channels_out, 3, padding=1, bias=norm == "none")
    nn.init.kaiming_normal_(conv.weight, mode="fan_out", nonlinearity="relu")
    # what is left over at the border counts, so that an image of one place stays one
    halved = MaxPool(2, ceil_mode=True) if pool else nn.Identity()
    return nn.Sequential(conv, halved, normalization(channels_out, norm), nn.ReLU(inplace=True))


class MaxPool(nn.MaxPool2d):
    """Torch's; in double precision, of places that are equal but for rounding, the first.

    Places that see the same pixels are. Rounding differs with the number of rows that are computed together, and would
    choose the place that a derivative with respect to the image goes to.
    """

    def forward(self, input: Tensor) -> Tensor:
        if input.dtype == torch.float64:
            rows, columns = (torch.arange(size, device=input.device) % 2 for size in input.shape[2:])
            input = input - (2 * rows.unsqueeze(1) + columns) * ROUNDING
        largest: Tensor = super().forward(input)
        return largest


def normalization(channels: int, norm: str) -> nn.Module:
    if norm == "group":
        return GroupNorm(group_count(channels), channels)
    return nn.BatchNorm2d(channels) if norm == "batch" else nn.Identity()


class GroupNorm(nn.GroupNorm):
    """Torch's group normalization, which torch 2.6 cannot differentiate forwards where channels are last."""

    def forward(self, input: Tensor) -> Tensor:
        if OLDER and not torch.compiler.is_compiling():
            _, slope = forward_ad.unpack_dual(input)  # type: ignore[no-untyped-call]  # torch's
            input = input if slope is None else input.contiguous()
        return super().forward(input)


def group_count(channels: int) -> int:
    """The largest number of groups, up to eight, that divides the channels."""
    return max(n for n in range(1, 9) if channels % n == 0)
