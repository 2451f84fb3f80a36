"""Fashion-MNIST: articles of clothing."""

from ssldsl.ops import op
from ssldsl.ops.data import Splits
from ssldsl.stdlib.data.mnist import idx_splits

NAMES = (
    "T-shirt/top", "trouser", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag", "ankle boot",
)  # fmt: skip


@op(paper="xiao2017fashion", splits={"train": 60000, "test": 10000}, fields={"image": "1 28 28"}, classes=10)
def fashion_mnist(*, root: str = "") -> Splits:
    """Fashion-MNIST: 60,000 training and 10,000 test gray images of clothing, from `FashionMNIST/raw` below `root`.

    Source: Xiao, Rasul & Vollgraf, arXiv 1708.07747, 2017. Classes are balanced; the files lie as
    torchvision lays them out.
    """
    how = (
        """To get it: python -c "from torchvision.datasets import FashionMNIST; FashionMNIST('data', download=True)\""""
    )
    return idx_splits(fashion_mnist, "FashionMNIST/raw", root, how, NAMES)
