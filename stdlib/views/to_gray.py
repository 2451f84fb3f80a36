"""One channel instead of three: the luminance."""

from torch import Tensor

from ssldsl.ops import Images, op
from ssldsl.stdlib.views.grayscale import luminance


@op()
def to_gray(images: Images[Tensor, "batch channels height width"]) -> Images[Tensor, "batch 1 height width"]:
    r"""The luminance as the only channel; nothing is drawn, unlike `grayscale`, which keeps three channels.

    $$ y = 0.2989\,r + 0.587\,g + 0.114\,b $$

    Source: common practice; weights of ITU-R BT.601. Images of one channel stay as they are.
    """
    return luminance(images)
