"""SVHN: house numbers in street photographs."""

from functools import partial

import numpy as np
import torch

from ssldsl.ops import op
from ssldsl.ops.data import Splits
from ssldsl.ops.data_dirs import BrokenData, find
from ssldsl.ops.decorator import traits_of
from ssldsl.ops.samples import MemorySamples, SplitsOnUse

HOW = """To get it: python -c "from torchvision.datasets import SVHN; SVHN('data/SVHN', '{}', download=True)\""""


def read_split(split: str, root: str) -> MemorySamples:
    """One Matlab file. The digit 0 is class 0, which the file calls 10."""
    from scipy.io import loadmat
    from scipy.io.matlab import MatReadError

    name = f"{split}_32x32.mat"
    path = find("svhn", [f"SVHN/{name}", f"svhn/{name}", name], root, HOW.format(split))
    try:
        content = loadmat(path, variable_names=["X", "y"])
        images, labels = np.transpose(content["X"], (3, 2, 0, 1)), content["y"].reshape(-1).astype(np.int64)
    except (OSError, MatReadError, NotImplementedError, ValueError, TypeError, KeyError) as error:
        raise BrokenData(f"this is no file of SVHN: {error}", str(path)) from error
    pixels = torch.from_numpy(np.ascontiguousarray(images))
    return MemorySamples.of(str(path), image=pixels, label=torch.from_numpy(labels) % 10)


@op(
    paper="netzer2011svhn",
    splits={"train": 73257, "test": 26032, "extra": 531131},
    fields={"image": "3 32 32"},
    classes=10,
)
def svhn(*, root: str = "") -> Splits:
    """SVHN: color images of house numbers, 32 by 32 pixels, from `train_32x32.mat` and the like below `root`.

    Source: Netzer et al., NIPS workshop on deep learning and unsupervised feature learning, 2011. Classes are not
    balanced. `extra` has easier samples; its file is read only where a spec uses it. The files lie in `root` or in
    `SVHN` below it.
    """
    readers = {split: partial(read_split, split, root) for split in ("train", "test", "extra")}
    return SplitsOnUse("svhn", traits_of(svhn), readers)
