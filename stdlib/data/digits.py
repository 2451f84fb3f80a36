"""Handwritten digits that scikit-learn ships: real data without a download."""

import torch

from ssldsl.ops import op
from ssldsl.ops.data import Splits
from ssldsl.ops.samples import MemorySamples
from ssldsl.ops.stratified_subsets import choose, proportional_shares
from ssldsl.stdlib.data.holdout import other_rows


@op(paper="alpaydin1998digits", splits={"train": 1437, "test": 360}, fields={"image": "1 8 8"}, classes=10)
def digits() -> Splits:
    """Handwritten digits, shipped: 1,797 gray images of 8 by 8 pixels in ten classes, in a fixed stratified split.

    Brightness has 17 levels. Source: Alpaydin & Kaynak, Optical Recognition of Handwritten Digits, UCI, 1998, its test
    part.
    """
    from sklearn.datasets import load_digits  # here: a second to import, and for this set only

    found = load_digits()
    image = torch.from_numpy(found.images).float().unsqueeze(1) / 16
    samples = MemorySamples.of("scikit-learn", image=image, label=torch.from_numpy(found.target))
    test = choose(samples, 360, 0, "digits", proportional_shares)
    train = other_rows(test, len(samples))
    return {"train": samples.take(train), "test": samples.take(test)}
