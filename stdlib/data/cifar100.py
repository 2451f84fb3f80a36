"""CIFAR-100: small color photographs of a hundred kinds of things."""

from functools import partial

from ssldsl.ops import PositiveInt, op
from ssldsl.ops.data import Splits
from ssldsl.stdlib.data.cifar10 import batch_splits, names_beside


@op(
    paper="krizhevsky2009cifar", splits={"train": "train_size", "test": 10000}, fields={"image": "3 32 32"}, classes=100
)
def cifar100(*, root: str = "", train_size: PositiveInt = 50000) -> Splits:
    """CIFAR-100: 50,000 training and 10,000 test images of 32 by 32 pixels, from `cifar-100-python` below `root`.

    Source: Krizhevsky, Learning Multiple Layers of Features from Tiny Images, 2009. The labels are the fine ones;
    classes are balanced. A file with a part of the training set needs `train_size`, so that no result is taken for one
    on the whole set.
    """
    files = {"train": ["train"], "test": ["test"]}
    names = partial(names_beside, "fine_label_names")
    how = """To get it: python -c "from torchvision.datasets import CIFAR100; CIFAR100('data', download=True)\""""
    return batch_splits(cifar100, "cifar-100-python", files, "fine_labels", names, root, how, train_size=train_size)
