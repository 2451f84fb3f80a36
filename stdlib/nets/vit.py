"""Vision transformers of any size for images of several sizes, and the blocks that those of a fixed size share."""

from typing import Literal, NamedTuple, Protocol

import torch
from torch import Tensor, nn
from torch.nn import functional

from ssldsl.ops import Features, Fraction, Images, Masks, Places, PositiveInt, op


class Seen(NamedTuple):
    """The class token, and the tokens of the patches: of those that are kept, in their order, or of all."""

    features: Features[Tensor, "batch {width}"]
    tokens: Features[Tensor, "batch kept|rows*columns {width}"]


@op(paper="dosovitskiy2021vit", random="drop_path")
class Vit(nn.Module):
    r"""Vision transformer over the patches of an image; the features are its normalized class token.

    $$ h \leftarrow h + A(\mathrm{LN}(h)), \quad h \leftarrow h + W_2\, \mathrm{GELU}(W_1\, \mathrm{LN}(h)) $$

    A is attention with `heads` heads over all tokens; W1 widens four times. `patch`: the side of a patch in pixels,
    which must divide height and width. `image`: the side of the images that the position embeddings are made for;
    those of other sizes get them interpolated (see `resized`), so one network takes crops of all sizes. `drop_path`:
    the probability that the last block's two branches are left out for a sample; it grows linearly from 0 at the first
    block, and what is kept is divided by the probability of being kept. Nothing is left out in evaluation mode, nor in
    a network that is not trained, such as a moving average. Weights have the names of timm and of DINO.

    `mask`: 1 for a patch that a learned token stands for, of a network with `mask_token`; its position is known.
    `kept`: the patches that go through, and no others. `positions` sincos: embeddings that are fixed sines and cosines.

    Source: Dosovitskiy et al., ICLR 2021, eq. 1-4; interpolation, epsilon of 1e-6 and initial weights of Caron et al.,
    ICCV 2021; drop path of Huang et al., ECCV 2016; masks and fixed positions of He et al., CVPR 2022, sec. 3, and Zhou
    et al., ICLR 2022. The rows of a batch are independent.
    """

    def __init__(
        self,
        channels: PositiveInt,
        *,
        width: PositiveInt = 192,
        depth: PositiveInt = 12,
        heads: PositiveInt = 3,
        patch: PositiveInt = 16,
        image: PositiveInt = 224,
        drop_path: Fraction = 0.0,
        positions: Literal["learned", "sincos"] = "learned",
        mask_token: bool = False,
    ) -> None:
        super().__init__()
        side = places(image, patch)
        self.patch_embed = PatchEmbed(channels, width, patch)
        self.cls_token = nn.Parameter(torch.zeros(1, 1, width))
        if positions == "learned":
            self.pos_embed = nn.Parameter(torch.zeros(1, 1 + side**2, width))
        else:
            self.register_buffer("pos_embed", sincos(side, width))
        self.blocks = blocks(width, depth, heads, drop_path)
        self.norm = nn.LayerNorm(width, eps=EPSILON)
        self.mask_token = nn.Parameter(torch.zeros(1, width, 1, 1)) if mask_token else None
        initialize(self, *(p for p in (self.cls_token, self.pos_embed, self.mask_token) if isinstance(p, nn.Parameter)))

    def forward(
        self,
        images: Images[Tensor, "batch channels {patch}*rows {patch}*columns"],
        mask: Masks[Tensor, "batch rows*columns"] | None = None,
        kept: Places[Tensor, "batch kept; rows*columns"] | None = None,
    ) -> Seen:
        return Seen(*encoded(self, images, mask, kept))


EPSILON = 1e-6


class Transformer(Protocol):
    """The parts of a vision transformer, under the names of their weights."""

    patch_embed: "PatchEmbed"
    cls_token: nn.Parameter
    pos_embed: nn.Parameter
    mask_token: nn.Parameter | None
    blocks: nn.Sequential
    norm: nn.LayerNorm


def encoded(net: Transformer, images: Tensor, mask: Tensor | None, kept: Tensor | None) -> tuple[Tensor, Tensor]:
    """The normalized class token, (batch, width), and the tokens of the patches that went through."""
    maps = masked(net.patch_embed(images), mask, net.mask_token)
    tokens = embedded(maps, net.cls_token, net.pos_embed)
    tokens = net.norm(net.blocks(tokens if kept is None else among(tokens, kept)))
    return tokens[:, 0], tokens[:, 1:]


class PatchEmbed(nn.Module):
    """Every patch of the images through one affine map: (batch, channels, height, width) to (batch, width, h, w)."""

    def __init__(self, channels: int, width: int, patch: int) -> None:
        super().__init__()
        self.patch = patch
        self.proj = nn.Conv2d(channels, width, patch, stride=patch)

    def forward(self, images: Tensor) -> Tensor:
        height, width = images.shape[2:]
        if height % self.patch or width % self.patch:
            raise ValueError(f"images of {height} by {width} pixels are not made of patches of {self.patch}")
        maps: Tensor = self.proj(images)
        return maps


class Attention(nn.Module):
    """Every token as a mixture of all tokens' values, `heads` mixtures side by side."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.qkv = nn.Linear(width, 3 * width)
        self.proj = nn.Linear(width, width)

    def forward(self, tokens: Tensor) -> Tensor:
        queries, keys, values = self.qkv(tokens).unflatten(2, (3, self.heads, -1)).permute(2, 0, 3, 1, 4)
        mixed = functional.scaled_dot_product_attention(queries, keys, values)
        found: Tensor = self.proj(mixed.transpose(1, 2).flatten(2))
        return found


class Mlp(nn.Module):
    """Every token by itself through one hidden layer, four times as wide."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.fc1 = nn.Linear(width, 4 * width)
        self.fc2 = nn.Linear(4 * width, width)

    def forward(self, tokens: Tensor) -> Tensor:
        found: Tensor = self.fc2(functional.gelu(self.fc1(tokens)))
        return found


class Block(nn.Module):
    """Attention and hidden layer, each behind a normalization and added to what it read. `drop`: see `Vit`."""

    def __init__(self, width: int, heads: int, drop: float) -> None:
        super().__init__()
        self.drop = drop
        self.norm1, self.attn = nn.LayerNorm(width, eps=EPSILON), Attention(width, heads)
        self.norm2, self.mlp = nn.LayerNorm(width, eps=EPSILON), Mlp(width)

    def forward(self, tokens: Tensor) -> Tensor:
        tokens = tokens + self._kept(self.attn(self.norm1(tokens)))
        return tokens + self._kept(self.mlp(self.norm2(tokens)))

    def _kept(self, branch: Tensor) -> Tensor:
        """The branch, left out for some samples and larger for the others, where this block learns."""
        if not (self.drop and self.training and self.norm1.weight.requires_grad):
            return branch
        kept = torch.empty(len(branch), 1, 1, device=branch.device).bernoulli_(1 - self.drop)  # float32 also in bf16
        return branch * (kept / (1 - self.drop))


def places(image: int, patch: int) -> int:
    """How many patches an image has along a side."""
    if image % patch:
        raise ValueError(f"images of {image} pixels are not made of patches of {patch}")
    return image // patch


def blocks(width: int, depth: int, heads: int, drop_path: float) -> nn.Sequential:
    if width % heads:
        raise ValueError(f"a width of {width} cannot be shared by {heads} heads")
    if drop_path >= 1:
        raise ValueError("a `drop_path` of 1 leaves out the last block for good; it must be below 1")
    return nn.Sequential(*(Block(width, heads, drop_path * i / max(1, depth - 1)) for i in range(depth)))


def embedded(maps: Tensor, cls_token: Tensor, pos_embed: Tensor) -> Tensor:
    """Patches row by row behind the class token, all with their positions added: (batch, 1 + patches, width)."""
    tokens = torch.cat([cls_token.expand(len(maps), -1, -1), maps.flatten(2).transpose(1, 2)], dim=1)
    return tokens + resized(pos_embed, maps.shape[2], maps.shape[3])


def masked(maps: Tensor, mask: Tensor | None, token: Tensor | None) -> Tensor:
    """Embedded patches, (batch, width, h, w), with the token in place of those that a mask, (batch, h * w), hides."""
    if mask is None:
        return maps
    if token is None:
        raise ValueError("a network whose patches are masked has a token for them: `mask_token=true`")
    return torch.where(mask.view(-1, 1, *maps.shape[2:]) > 0, token.to(maps.dtype), maps)


def among(tokens: Tensor, kept: Tensor) -> Tensor:
    """The class token and those of the patches that are kept: (batch, 1 + kept, width)."""
    wanted = torch.cat([torch.zeros_like(kept[:, :1]), kept + 1], dim=1)
    return tokens.gather(1, wanted.unsqueeze(2).expand(-1, -1, tokens.shape[2]))


def sincos(side: int, width: int) -> Tensor:
    """Positions of a square of patches as sines and cosines, (1, 1 + side², width); those of the class token are zero.

    A quarter of the width each: sines and cosines of the column, then of the row, at frequencies from 1 to 1/10000.
    """
    if width % 4:
        raise ValueError(f"sines and cosines of two coordinates need a width that 4 divides, and this one is {width}")
    frequencies = 10000.0 ** -(torch.arange(width // 4, dtype=torch.float64) / (width // 4))
    angles = torch.arange(side, dtype=torch.float64)[:, None] * frequencies
    waves = torch.cat([angles.sin(), angles.cos()], dim=1)
    places = torch.cat([waves.repeat(side, 1), waves.repeat_interleave(side, dim=0)], dim=1)
    return torch.cat([places.new_zeros(1, width), places]).unsqueeze(0).float()


def resized(pos_embed: Tensor, height: int, width: int) -> Tensor:
    """Position embeddings of a square of patches for `height` by `width` patches, by bicubic interpolation.

    That of the class token stays. The scale is (patches + 0.1) / side, as DINO has it, so that its crops of 96 pixels
    get what its weights were trained with; no anti-aliasing.
    """
    side = round((pos_embed.shape[1] - 1) ** 0.5)
    if (height, width) == (side, side):
        return pos_embed
    grid = pos_embed[:, 1:].transpose(1, 2).reshape(1, -1, side, side)
    scale = ((height + 0.1) / side, (width + 0.1) / side)
    found = functional.interpolate(grid, scale_factor=scale, mode="bicubic", align_corners=False)
    return torch.cat([pos_embed[:, :1], found.flatten(2).transpose(1, 2)], dim=1)


def initialize(net: nn.Module, *embeddings: Tensor) -> None:
    """Maps between tokens and embeddings from a normal of s.d. 0.02, cut off at 2; biases zero."""
    for module in net.modules():
        if isinstance(module, nn.Linear):
            nn.init.trunc_normal_(module.weight, std=0.02)
            nn.init.zeros_(module.bias)
    for embedding in embeddings:
        nn.init.trunc_normal_(embedding, std=0.02)
