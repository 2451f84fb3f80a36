from collections.abc import Callable

import torch

from ssldsl.ops.samples import MemorySamples
from ssldsl.stdlib.data.unlabel import unlabel


def test_samples_stay_and_their_labels_go(labeled: Callable[[list[int]], MemorySamples]) -> None:
    data = labeled([3, 4])
    found = unlabel(data)
    assert found.fields == ("image",) and found.labels is None
    assert torch.equal(found.ids, data.ids)
    assert torch.equal(found.read(torch.arange(7))["image"], data.read(torch.arange(7))["image"])
