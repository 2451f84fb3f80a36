"""Handwritten digits that scikit-learn ships: real data without a download."""

from importlib.util import find_spec
from pathlib import Path

import numpy as np
import torch

from ssldsl.errors import InternalError
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
    table = torch.from_numpy(np.loadtxt(_table(), delimiter=","))
    image, label = table[:, :-1].float().view(-1, 1, 8, 8) / 16, table[:, -1].long()
    samples = MemorySamples.of("scikit-learn", image=image, label=label)
    test = choose(samples, 360, 0, "digits", proportional_shares)
    train = other_rows(test, len(samples))
    return {"train": samples.take(train), "test": samples.take(test)}


def _table() -> Path:
    """A line an image, pixels and then the digit: to import scikit-learn, which has it, takes a second."""
    package = find_spec("sklearn")
    if package is None or not package.submodule_search_locations:
        raise InternalError("scikit-learn, which ssldsl depends on, is not there")
    return Path(package.submodule_search_locations[0]) / "datasets" / "data" / "digits.csv.gz"
