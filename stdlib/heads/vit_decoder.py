"""A small vision transformer that reconstructs all patches from the tokens of some."""

import torch
from torch import Tensor, nn

from ssldsl.ops import Features, Masks, PositiveInt, op
from ssldsl.stdlib.nets.vit import EPSILON, Block, initialize, sincos


@op(paper="he2022mae")
class VitDecoder(nn.Module):
    r"""MAE's decoder: tokens of the patches that were kept, a learned one for the others, blocks, an affine map.

    $$ h^0_i = \begin{cases} W z_i + p_i & m_i = 0 \\ e + p_i & m_i = 1 \end{cases}, \quad
       f(z)_i = V\, \mathrm{LN}(h^{depth}_i) $$

    `tokens`: those of the patches whose `mask` is 0, from the first to the last. `features`: that of the class token,
    which takes part and is not reconstructed. Positions p are fixed sines and cosines of a square of patches. `out`:
    numbers for each patch, such as `16*16*3` for its pixels. Blocks are those of `vit`.

    Source: He et al., CVPR 2022 (MAE), sec. 3 and released code: width 512, 8 blocks of 16 heads; maps from a uniform
    distribution (Glorot). Results have no limits.
    """

    def __init__(
        self,
        dim: PositiveInt,
        *,
        out: PositiveInt,
        width: PositiveInt = 512,
        depth: PositiveInt = 8,
        heads: PositiveInt = 16,
    ) -> None:
        super().__init__()
        if width % heads:
            raise ValueError(f"a width of {width} cannot be shared by {heads} heads")
        self.embed = nn.Linear(dim, width)
        self.mask_token = nn.Parameter(torch.zeros(1, 1, width))
        self.blocks = nn.Sequential(*(Block(width, heads, 0.0) for _ in range(depth)))
        self.norm = nn.LayerNorm(width, eps=EPSILON)
        self.last = nn.Linear(width, out)
        initialize(self, self.mask_token)
        for module in (m for m in self.modules() if isinstance(m, nn.Linear)):
            nn.init.xavier_uniform_(module.weight)

    def forward(
        self,
        tokens: Features[Tensor, "batch kept dim"],
        mask: Masks[Tensor, "batch places"],
        features: Features[Tensor, "batch dim"] | None = None,
    ) -> Features[Tensor, "batch places {out}"]:
        hidden = mask > 0
        number = ((~hidden).cumsum(dim=1) - 1).clamp(0, tokens.shape[1] - 1)  # of the token that stands at a place
        seen = self.embed(tokens).gather(1, number.unsqueeze(2).expand(-1, -1, self.mask_token.shape[2]))
        full = torch.where(hidden.unsqueeze(2), self.mask_token.to(seen.dtype), seen)
        side = round(mask.shape[1] ** 0.5)
        full = full + sincos(side, full.shape[2]).to(full)[:, 1:]
        if features is not None:
            full = torch.cat([self.embed(features).unsqueeze(1), full], dim=1)
        decoded: Tensor = self.last(self.norm(self.blocks(full)))
        return decoded[:, -mask.shape[1] :]
