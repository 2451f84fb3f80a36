"""A data set whose samples come with the image of a neighbor."""

import torch
from torch import Tensor
from torch.nn.functional import normalize

from ssldsl.ops import Features, Images, PositiveInt, op
from ssldsl.ops.data import Data
from ssldsl.ops.random import SampleRng
from ssldsl.ops.samples import with_fields

ENTRIES = 2**24  # similarities at a time


@op(paper="vangansbeke2020scan", adds={"neighbor_image": "Images[channels, height, width]"})
def with_neighbor_images(
    data: Data,
    features: Features[Tensor, "samples dim"],
    images: Images[Tensor, "samples channels height width"],
    *,
    rng: SampleRng,
    k: PositiveInt = 20,
) -> Data:
    r"""The image of one of the `k` nearest samples, or the sample's own, as a field: each of them is as likely.

    $$ n_i \sim U\left(\{i\} \cup \text{k nearest of } i\right) \text{ by } \cos(f_i, f_j) $$

    `features`, `images`: of all samples, in their order. With `every=1ep` neighbors are drawn anew in every pass; their
    features are those of the present network, or of one that is held still, such as `ema(encoder, momentum=1.0)`. A
    second image of every sample is kept in memory.

    Source: Van Gansbeke et al., ECCV 2020 (SCAN), sec. 2.2: k 20 (50 on ImageNet); the released lists hold the sample
    too.
    """
    if k >= len(features):
        raise ValueError(f"{len(features)} samples have no {k} others")
    unit = normalize(features.detach().float(), dim=1)
    size = max(1, ENTRIES // len(unit))
    nearest = torch.cat([(part @ unit.T).topk(k + 1, dim=1).indices for part in torch.split(unit, size)])
    chosen = rng.integers(high=k + 1).to(nearest.device)
    return with_fields(data, neighbor_image=images[nearest.gather(1, chosen.unsqueeze(1)).squeeze(1).to(images.device)])
