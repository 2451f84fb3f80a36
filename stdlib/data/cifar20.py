"""CIFAR-100 in its 20 superclasses."""

from functools import partial

from ssldsl.ops import PositiveInt, op
from ssldsl.ops.data import Splits
from ssldsl.stdlib.data.cifar10 import batch_splits, names_beside


@op(paper="krizhevsky2009cifar", splits={"train": "train_size", "test": 10000}, fields={"image": "3 32 32"}, classes=20)
def cifar20(*, root: str = "", train_size: PositiveInt = 50000) -> Splits:
    """CIFAR-100 with the labels of its 20 superclasses, five classes in each, from `cifar-100-python` below `root`.

    Source: Krizhevsky, Learning Multiple Layers of Features from Tiny Images, 2009: the coarse labels. Also called
    CIFAR-20 or CIFAR-100-20. The images are those of `cifar100`, in the same order; a file with a part of the training
    set needs `train_size`.
    """
    files = {"train": ["train"], "test": ["test"]}
    names = partial(names_beside, "coarse_label_names")
    how = """To get it: python -c "from torchvision.datasets import CIFAR100; CIFAR100('data', download=True)\""""
    return batch_splits(cifar20, "cifar-100-python", files, "coarse_labels", names, root, how, train_size=train_size)
