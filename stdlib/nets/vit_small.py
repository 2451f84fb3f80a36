"""ViT-S: a vision transformer about as large as ResNet-50."""

from typing import NamedTuple

import torch
from torch import Tensor, nn

from ssldsl.ops import Features, Fraction, Images, Masks, Places, PositiveInt, op
from ssldsl.stdlib.nets.vit import EPSILON, PatchEmbed, blocks, encoded, initialize, places


class Seen(NamedTuple):
    """The class token, and the tokens of the patches: of those that are kept, in their order, or of all."""

    features: Features[Tensor, "batch 384"]
    tokens: Features[Tensor, "batch kept|rows*columns 384"]


@op(paper="touvron2021deit", random="drop_path")
class VitSmall(nn.Module):
    r"""ViT-S: vision transformer of width 384 with 12 blocks of 6 heads; the features are its normalized class token.

    $$ h \leftarrow h + A(\mathrm{LN}(h)), \quad h \leftarrow h + W_2\, \mathrm{GELU}(W_1\, \mathrm{LN}(h)) $$

    `patch`, `image` and `drop_path` are those of `vit`: patches of 16 pixels make it ViT-S/16, crops of other sizes
    than `image` get interpolated position embeddings, and the moving average of a network with `drop_path` is whole.
    So are `mask`, `mask_token` and `kept`.
    Weights have the names of timm's `vit_small_patch16_224` and of DINO.

    Source: Touvron et al., ICML 2021, table 1 (DeiT-S), as Caron et al., ICCV 2021, used it: no distillation token.
    """

    def __init__(
        self,
        channels: PositiveInt,
        *,
        patch: PositiveInt = 16,
        image: PositiveInt = 224,
        drop_path: Fraction = 0.0,
        mask_token: bool = False,
    ) -> None:
        super().__init__()
        self.patch_embed = PatchEmbed(channels, 384, patch)
        self.cls_token = nn.Parameter(torch.zeros(1, 1, 384))
        self.pos_embed = nn.Parameter(torch.zeros(1, 1 + places(image, patch) ** 2, 384))
        self.blocks = blocks(384, 12, 6, drop_path)
        self.norm = nn.LayerNorm(384, eps=EPSILON)
        self.mask_token = nn.Parameter(torch.zeros(1, 384, 1, 1)) if mask_token else None
        initialize(self, *(p for p in (self.cls_token, self.pos_embed, self.mask_token) if p is not None))

    def forward(
        self,
        images: Images[Tensor, "batch channels {patch}*rows {patch}*columns"],
        mask: Masks[Tensor, "batch rows*columns"] | None = None,
        kept: Places[Tensor, "batch kept; rows*columns"] | None = None,
    ) -> Seen:
        return Seen(*encoded(self, images, mask, kept))
